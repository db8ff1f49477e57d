package writeboost.writeback;

/**
 * How long to wait after a failure before the next try: longer each time. Under the core's lock.
 */
final class BackOff {

  private static final long FIRST_NS = 100_000_000L;
  private static final long MAX_NS = 10_000_000_000L;

  private long nextNs = FIRST_NS;
  private long untilNs;

  /** {@code nowNs} is monotonic. */
  void failed(long nowNs) {
    untilNs = nowNs + nextNs;
    nextNs = Math.min(nextNs * 2, MAX_NS);
  }

  void succeeded() {
    nextNs = FIRST_NS;
  }

  /** Whether the next try may begin. */
  boolean isOver(long nowNs) {
    return nowNs - untilNs >= 0;
  }
}
