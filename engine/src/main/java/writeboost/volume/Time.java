package writeboost.volume;

import writeboost.effect.Timer;

/** The clock of a driver. Any thread. */
interface Time {

  /** Monotonic. */
  long nowNs();

  /** Sees to it that {@link Driver#elapsed} is called when the timer has run out. */
  void start(Timer timer);
}
