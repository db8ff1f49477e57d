package writeboost.nbd;

/**
 * Whether a connection waits for its client in the middle of something: the rest of a payload, or
 * room for replies. Memory is held meanwhile. Each direction is one thread's; any may look.
 */
final class ClientTurn {

  /** Bytes a second. A client that is slower has stalled, if others need what it holds. */
  static final long SLOWEST = 64 << 10;

  private final Direction payload = new Direction();
  private final Direction replies = new Direction();

  // Of those who look; guarded by this.
  private boolean watched;
  private long watchedTurns;
  private long watchedBytes;
  private long watchedSinceNs;

  /** One way of the connection. One thread at a time writes it. */
  static final class Direction {
    private long ownTurns; // the writing thread's copies
    private long ownBytes;
    private volatile long turns; // begun and ended: odd while one lasts
    private volatile long bytes;

    void begin() {
      turns = ++ownTurns;
    }

    void moved(long count) {
      ownBytes += count;
      bytes = ownBytes;
    }

    void end() {
      turns = ++ownTurns;
    }

    private boolean lasts() {
      return (turns & 1) != 0;
    }
  }

  /** From the client: the payload of a long WRITE. */
  Direction payload() {
    return payload;
  }

  /** To the client. */
  Direction replies() {
    return replies;
  }

  /**
   * Whether the client has kept the connection waiting, without a pause and but for less than
   * {@link #SLOWEST}, since it was first looked at {@code timeoutNs} or longer ago.
   */
  synchronized boolean isStalled(long nowNs, long timeoutNs) {
    long turns = payload.turns + replies.turns;
    long bytes = payload.bytes + replies.bytes;
    if (!payload.lasts() && !replies.lasts()) {
      watched = false;
      return false;
    }
    double seconds = (nowNs - watchedSinceNs) / 1e9;
    boolean goesOn = turns != watchedTurns || bytes - watchedBytes > SLOWEST * seconds;
    if (!watched || goesOn) {
      watched = true;
      watchedTurns = turns;
      watchedBytes = bytes;
      watchedSinceNs = nowNs;
      return false;
    }
    return nowNs - watchedSinceNs >= timeoutNs;
  }
}
