package writeboost.log;

import org.jspecify.annotations.Nullable;
import writeboost.effect.Effects;

/**
 * Something that waits until the log is durable up to a position: a client's FLUSH, a FUA write.
 * Under the core's lock.
 */
public abstract class DurabilityWaiter {

  long awaitedPosition;
  @Nullable DurabilityWaiter nextWaiter;

  /** The log is durable up to the position waited for ({@code error} 0), or never will be. */
  public abstract void durable(int error, Effects effects);
}
