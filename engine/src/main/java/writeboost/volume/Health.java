package writeboost.volume;

/**
 * How a volume is.
 *
 * @param reason why it is not well; empty while it is
 * @param byCache whether that is the cache device, rather than the backing device
 * @param forNs how long it has been in this state, nanoseconds
 */
public record Health(State state, String reason, boolean byCache, long forNs) {

  /** From good to bad. */
  public enum State {
    OK,
    /**
     * A device does not do what it should: it refuses something or does not answer, or something
     * cannot be read from the cache device or written back. Ends by itself. If it is the backing
     * device, nothing is lost.
     */
    DEGRADED,
    /**
     * The cache device cannot be trusted with anything new: writes and flushes are answered EIO,
     * reads go on. Ends with a new start.
     */
    FAILED
  }
}
