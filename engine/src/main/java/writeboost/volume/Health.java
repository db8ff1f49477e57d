package writeboost.volume;

/**
 * How a volume is.
 *
 * @param reason why it is not well; empty while it is
 * @param forNs how long it has been in this state, nanoseconds
 */
public record Health(State state, String reason, long forNs) {

  /** From good to bad. */
  public enum State {
    OK,
    /**
     * Nothing is lost, but a device does not do what it should: the backing device refuses or does
     * not answer, or something cannot be written back. Ends by itself.
     */
    DEGRADED,
    /**
     * The cache device cannot be trusted with anything new: writes and flushes are answered EIO,
     * reads go on. Ends with a new start.
     */
    FAILED
  }
}
