package writeboost.writeback;

/**
 * When write-back runs, and how hard: functions of how full the log is and of who wants what. Pure;
 * any thread.
 *
 * <pre>
 *   fill of the log      0        1/2        7/10        9/10      full, or a drain
 *   allowed: segments    batch ... batch, growing ............ the whole log
 *            in flight   two ..... growing ................... all
 *   not allowed:         nothing ............ one, growing ... as if allowed
 * </pre>
 *
 * <p>While there is room, little is in flight on the backing device: a client's read waits behind
 * no more than that. As the log fills, batches grow towards one sweep of all of it in backing
 * order, which takes the least time for each line; nothing jumps, so that clients slow down by and
 * by instead of stopping when the log is full. {@link Writeback} asks before each batch how many
 * segments it takes, and before each write of it how many may be in flight.
 */
final class Pressure {

  /** A batch of everything that may be written back. */
  static final int WHOLE_LOG = Integer.MAX_VALUE;

  /** From here on batches are larger than what is set for the background. */
  private static final double GROWING = 0.5;

  /** From here on write-back runs though it is not allowed to. */
  private static final double FILLING = 0.7;

  /** From here on it does what it can. */
  private static final double NEARLY_FULL = 0.9;

  /** One write being carried out, one to follow on it: the device need not pause. */
  private static final int IN_FLIGHT_LEAST = 2;

  private Pressure() {}

  /**
   * Segments that the next batch may take; 0: write-back does not run.
   *
   * @param used slots whose segment is not written back, the current one included
   * @param slots of the log
   * @param allowed background write-back may run
   * @param insisted somebody waits for room in the log, or it is to be drained
   * @param batch segments that background write-back takes, at least 1
   */
  static int segments(long used, int slots, boolean allowed, boolean insisted, int batch) {
    double fill = (double) used / slots;
    if (insisted || fill >= NEARLY_FULL) {
      return WHOLE_LOG;
    }
    if (allowed) {
      return grown(batch, Math.max(batch, used), share(fill, GROWING));
    }
    return fill > FILLING ? grown(1, Math.max(batch, used), share(fill, FILLING)) : 0;
  }

  /**
   * Writes of write-back that may be in flight on the backing device at once; 0: none is to be
   * begun. What {@link #segments} has let begin goes on with at least one, whatever this says by
   * then.
   *
   * @param most as many as there can be, at least 1; the other parameters are those of {@link
   *     #segments}
   */
  static int inFlight(long used, int slots, boolean allowed, boolean insisted, int most) {
    double fill = (double) used / slots;
    if (insisted || fill >= NEARLY_FULL) {
      return most;
    }
    if (allowed) {
      return grown(Math.min(IN_FLIGHT_LEAST, most), most, share(fill, 0));
    }
    return fill > FILLING ? grown(1, most, share(fill, FILLING)) : 0;
  }

  /** How much of the way from {@code beginning} to nearly full the log has gone, 0 to 1. */
  private static double share(double fill, double beginning) {
    return Math.clamp((fill - beginning) / (NEARLY_FULL - beginning), 0, 1);
  }

  private static int grown(int least, long most, double share) {
    return (int) Math.min(least + (long) ((most - least) * share), WHOLE_LOG);
  }
}
