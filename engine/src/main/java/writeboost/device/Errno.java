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
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int ENOTSUP = 95;
  public static final int ENODATA = 61;
  public static final int EILSEQ = 84;

  /** The way to the device is cut: what was written since its last good FLUSH may be lost. */
  public static final int ENOTCONN = 107;

  public static final int ESHUTDOWN = 108;
  public static final int EREMOTEIO = 121;
  public static final int EDQUOT = 122;
  public static final int ECANCELED = 125;

  private Errno() {}

  /**
   * Whether a device says with this that the place asked for is bad: EIO, or what Linux makes of a
   * medium, a target and an integrity error. The rest of the device may be good.
   */
  public static boolean isBadPlace(int error) {
    return error == EIO || error == ENODATA || error == EREMOTEIO || error == EILSEQ;
  }

  /** The symbolic name, for messages. */
  public static String name(int error) {
    return switch (error) {
      case OK -> "OK";
      case EPERM -> "EPERM";
      case EIO -> "EIO";
      case ENOMEM -> "ENOMEM";
      case EINVAL -> "EINVAL";
      case EFBIG -> "EFBIG";
      case ENOSPC -> "ENOSPC";
      case ENOTSUP -> "ENOTSUP";
      case ENODATA -> "ENODATA";
      case EILSEQ -> "EILSEQ";
      case ENOTCONN -> "ENOTCONN";
      case ESHUTDOWN -> "ESHUTDOWN";
      case EREMOTEIO -> "EREMOTEIO";
      case EDQUOT -> "EDQUOT";
      case ECANCELED -> "ECANCELED";
      default -> "errno " + error;
    };
  }
}
