package writeboost.log;

import org.jspecify.annotations.Nullable;
import writeboost.effect.Effects;
import writeboost.effect.Work;

/**
 * A piece of a request, which may have to wait until a line that is being filled is published.
 * Pooled; under the core's lock.
 */
public abstract class LineWaiter extends Work {

  @Nullable LineWaiter nextWaiter;

  /** The line waited for holds its data now. Under the core's lock. */
  public abstract void lineReady(Effects effects);
}
