package writeboost.nbd;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The time in which a server is given the chance to come to its end with changes of a connection
 * that was lost. Guarded by the lock of {@link Traffic}.
 */
final class Quarantine {

  private final long lengthNs;
  private boolean needed;
  private long endNs;

  Quarantine(Duration length) {
    lengthNs = length.toNanos();
  }

  /** One is needed, on the next connection. */
  void need() {
    needed = true;
  }

  /** A connection is there: if one is needed, it begins now, from the beginning. */
  void connected() {
    endNs = System.nanoTime() + lengthNs;
  }

  /** While connected: whether it still lasts. The clock is looked at only where one was needed. */
  boolean lasts() {
    if (needed && System.nanoTime() - endNs >= 0) {
      needed = false;
    }
    return needed;
  }

  /** Of what is left, rounded up. */
  long seconds() {
    return lasts() ? TimeUnit.NANOSECONDS.toSeconds(endNs - System.nanoTime()) + 1 : 0;
  }
}
