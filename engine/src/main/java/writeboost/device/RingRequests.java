package writeboost.device;

/**
 * Which requests to a file an {@link IoUring} can carry out, and what its results mean for them:
 * READ and short WRITE that need no copy, and FLUSH. Any thread.
 */
final class RingRequests {
  private static final long BYTES_MAX = 1 << 30;

  /**
   * The kernel makes every page of a write ready on the thread that submits it: what is longer is
   * better spread over several (measured with segments of 512 KiB).
   */
  private static final long WRITE_BYTES_MAX = 128 << 10;

  /** A result that says nothing: the request has to be carried out in some other way. */
  static final int AGAIN = -1;

  private final DeviceFile file;
  private final PositionedIo io;

  RingRequests(DeviceFile file, PositionedIo io) {
    this.file = file;
    this.io = io;
  }

  /** Whether a ring can do {@code request}; if so, {@link #release} is called at its end. */
  boolean take(Request request) {
    if (Requests.check(request, file.size(), file.readOnly()) != Errno.OK) {
      return false;
    }
    return switch (request.operation) {
      case READ -> isWhole(request);
      case WRITE ->
          isWhole(request)
              && request.length <= WRITE_BYTES_MAX
              && !request.has(Request.FUA)
              && io.beginWholeUnits();
      case FLUSH -> !file.readOnly();
      case WRITE_ZEROES, TRIM -> false;
    };
  }

  private boolean isWhole(Request request) {
    long length = request.length;
    return length > 0
        && length <= BYTES_MAX
        && request.data.scope().isAlive()
        && io.fits(request.data, request.dataOffset, length, request.offset);
  }

  void release(Request request) {
    if (request.operation == Operation.WRITE) {
      io.endWholeUnits();
    }
  }

  /** Adds a request that was taken. */
  void put(Request request, IoUring ring, int tag) {
    int fd = file.descriptor();
    if (request.operation == Operation.FLUSH) {
      ring.add(IoUring.OP_FSYNC, fd, 0, 0, 0, IoUring.FSYNC_DATASYNC, tag);
      return;
    }
    int operation = request.operation == Operation.READ ? IoUring.OP_READ : IoUring.OP_WRITE;
    long address = request.data.address() + request.dataOffset;
    ring.add(operation, fd, address, (int) request.length, request.offset, 0, tag);
  }

  /**
   * One of {@link Errno}, or {@link #AGAIN}: also for a flush of a file that has been cut off, of
   * which there is more to say than a ring can.
   */
  int outcome(Request request, int result) {
    if (result < 0 && !isGivenUp(result)) {
      return FileDevice.toErrno(-result);
    }
    if (request.operation == Operation.FLUSH) {
      long now = file.sizeNow();
      return result == 0 && (now < 0 || now >= file.size()) ? Errno.OK : AGAIN;
    }
    return result == request.length ? Errno.OK : AGAIN;
  }

  /** Not begun, or not brought to an end: to be done again, as after a signal. */
  private static boolean isGivenUp(int result) {
    return result == -LinuxErrno.EINTR
        || result == -LinuxErrno.EAGAIN
        || result == -Errno.ECANCELED;
  }
}
