package writeboost.device;

/** The guards that a device puts before a request. Any thread. */
public final class Requests {
  static final int SECTOR_BYTES = 512;

  private Requests() {}

  /** 0, or what a request that cannot be carried out is to be answered. */
  public static int check(Request request, long deviceSize, boolean readOnly) {
    Operation operation = request.operation;
    if (operation == Operation.FLUSH) {
      return Errno.OK;
    }
    if (readOnly && operation != Operation.READ) {
      return Errno.EPERM;
    }
    long offset = request.offset;
    long length = request.length;
    if (offset < 0 || length < 0 || offset > deviceSize || length > deviceSize - offset) {
      return Errno.EINVAL;
    }
    if (((offset | length) & (SECTOR_BYTES - 1)) != 0) {
      return Errno.EINVAL;
    }
    if (operation != Operation.READ && operation != Operation.WRITE) {
      return Errno.OK;
    }
    long room = request.data.byteSize();
    if (request.dataOffset < 0 || request.dataOffset > room || length > room - request.dataOffset) {
      return Errno.EINVAL;
    }
    return operation == Operation.READ && request.data.isReadOnly() ? Errno.EINVAL : Errno.OK;
  }

  /** The same for a question; one that is longer than the device is refused. */
  public static int check(Extents extents, long deviceSize) {
    boolean inside =
        extents.offset >= 0 && extents.length > 0 && extents.offset <= deviceSize - extents.length;
    return inside ? Errno.OK : Errno.EINVAL;
  }
}
