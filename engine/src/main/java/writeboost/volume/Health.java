package writeboost.volume;

/**
 * Whether the cache device can still be trusted with writes, and why not. Under the core's lock.
 */
final class Health {

  private String reason = "";

  /** For good: nothing that is acknowledged from now on could be kept. */
  void fail(String why) {
    reason = why;
  }

  boolean isFailed() {
    return !reason.isEmpty();
  }

  /** Empty while all is well. */
  String reason() {
    return reason;
  }
}
