package writeboost.nbd;

/**
 * What a server has acknowledged and may still forget: whether losing the connection to it means
 * that a FLUSH has to fail. Guarded by the lock of {@link Traffic}.
 *
 * <pre>
 *   changes acknowledged   1 2 3 4 5 6 7 8 9
 *                               |         |
 *                               settled   acknowledged: a connection that is lost now loses 4..9
 * </pre>
 *
 * <p>A FLUSH that fails tells its owner that everything since the last good one may be gone,
 * whatever the reason; so what it covered is settled too.
 */
final class Unflushed {
  private long acknowledged;
  private long settled;
  private boolean untold;

  /** A change was acknowledged, and is not durable by itself. */
  void changed() {
    acknowledged++;
  }

  /** What a FLUSH that is sent now covers. */
  long mark() {
    return acknowledged;
  }

  /** The FLUSH that was sent at {@code mark} is answered, well or badly. */
  void answered(long mark) {
    settled = Math.max(settled, mark);
  }

  /**
   * @param told a FLUSH fails with the connection
   */
  void connectionLost(boolean told) {
    untold = !told && (untold || acknowledged > settled);
    settled = acknowledged;
  }

  /** Whether a FLUSH has to fail because of an earlier connection; the owner then knows. */
  boolean takeLoss() {
    boolean fails = untold;
    untold = false;
    return fails;
  }
}
