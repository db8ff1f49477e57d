package writeboost.nbd;

/**
 * Whether a reader that has nothing left looks again and again for a while, before it goes to
 * sleep. To be woken takes longer than a short wait, where a processor has to be woken too; but who
 * looks in vain keeps others from that processor, so after each failure more waits pass without.
 * The reader's thread only.
 */
final class Polling {

  /** Waits without looking, after looking has failed often; what it costs is soon spread thin. */
  private static final int MOST_SKIPPED = 255;

  private final long ns;

  private int failures; // 2^n - 1 after n of them
  private int skipping;

  /**
   * @param ns how long to look; 0: never
   */
  Polling(long ns) {
    this.ns = ns;
  }

  /** To be asked once for each wait. */
  boolean isWorthIt() {
    if (ns == 0) {
      return false;
    }
    if (skipping > 0) {
      skipping--;
      return false;
    }
    return true;
  }

  /** Nanoseconds that looking may take. */
  long ns() {
    return ns;
  }

  void found() {
    failures = 0;
  }

  void foundNothing() {
    failures = Math.min(2 * failures + 1, MOST_SKIPPED);
    skipping = failures;
  }
}
