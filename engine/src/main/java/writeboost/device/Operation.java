package writeboost.device;

/** What a {@link Request} asks for. */
public enum Operation {
  READ,
  WRITE,
  FLUSH,
  WRITE_ZEROES,
  TRIM
}
