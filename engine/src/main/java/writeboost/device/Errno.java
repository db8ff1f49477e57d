package writeboost.device;

/**
 * The error numbers that a {@link Request} can end with (Linux numbering; NBD uses the same values
 * for most).
 */
public final class Errno {
  public static final int OK = 0;
  public static final int EPERM = 1;
  public static final int EIO = 5;
  public static final int ENOMEM = 12;
  public static final int EINVAL = 22;
  public static final int ENOSPC = 28;
  public static final int ENOTSUP = 95;
  public static final int ESHUTDOWN = 108;
  public static final int ECANCELED = 125;

  private Errno() {}

  /** The symbolic name, for messages. */
  public static String name(int error) {
    return switch (error) {
      case OK -> "OK";
      case EPERM -> "EPERM";
      case EIO -> "EIO";
      case ENOMEM -> "ENOMEM";
      case EINVAL -> "EINVAL";
      case ENOSPC -> "ENOSPC";
      case ENOTSUP -> "ENOTSUP";
      case ESHUTDOWN -> "ESHUTDOWN";
      case ECANCELED -> "ECANCELED";
      default -> "errno " + error;
    };
  }
}
