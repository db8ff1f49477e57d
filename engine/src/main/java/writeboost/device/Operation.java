package writeboost.device;

/** What a {@link Request} asks for. */
public enum Operation {
  READ,
  WRITE,
  FLUSH,
  WRITE_ZEROES,
  TRIM;

  /** Whether it may change what the device holds. */
  public boolean changes() {
    return this != READ && this != FLUSH;
  }
}
