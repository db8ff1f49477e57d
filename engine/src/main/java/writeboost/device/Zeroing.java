package writeboost.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Zeroes and discards ranges of an open file, the cheapest way that the file takes. Any thread.
 *
 * <p>Results are 0 or a negated errno.
 */
final class Zeroing {
  private static final int PIECE_BYTES = 1 << 20;
  private static final int HOLE = Posix.FALLOC_PUNCH_HOLE | Posix.FALLOC_KEEP_SIZE;
  private static final int KEEP = Posix.FALLOC_ZERO_RANGE | Posix.FALLOC_KEEP_SIZE;

  private final int fd;
  private final boolean blockDevice;
  private final PositionedIo io;
  private final long unitMask;

  Zeroing(int fd, boolean blockDevice, DirectMode mode, PositionedIo io) {
    this.fd = fd;
    this.blockDevice = blockDevice;
    this.io = io;
    this.unitMask = mode.offsetAlignment() - 1L;
  }

  /** Makes the range read as zeroes; the flags are a request's. */
  int zero(long position, long length, int flags) {
    long end = position + length;
    long from = Math.min((position + unitMask) & ~unitMask, end);
    long to = Math.max(end & ~unitMask, from);
    int error = to == from ? 0 : zeroUnits(from, to - from, flags);
    if (error == 0) {
      error = writeZeroes(position, from - position);
    }
    return error == 0 ? writeZeroes(to, end - to) : error;
  }

  private int zeroUnits(long position, long length, int flags) {
    boolean fast = (flags & Request.FAST_ZERO) != 0;
    int error = -Errno.ENOTSUP;
    if ((flags & Request.NO_HOLE) == 0) {
      error = io.allocate(HOLE, length, position);
    }
    // On a block device that cannot do it, the kernel would write the zeroes: not fast.
    if (unsupported(error) && !(fast && blockDevice)) {
      error = io.allocate(KEEP, length, position);
    }
    if (!unsupported(error)) {
      return error;
    }
    return fast ? -Errno.ENOTSUP : writeZeroes(position, length);
  }

  /** Best effort; on whole units only, as the rest of a unit must not change. */
  int trim(long position, long length) {
    long from = (position + unitMask) & ~unitMask;
    long to = (position + length) & ~unitMask;
    if (from >= to) {
      return 0;
    }
    int error =
        blockDevice
            ? Posix.control(fd, Posix.BLKDISCARD, from, to - from)
            : Posix.allocate(fd, HOLE, from, to - from);
    return error == -Errno.EIO ? error : 0;
  }

  private int writeZeroes(long position, long length) {
    int error = 0;
    for (long done = 0; done < length && error == 0; done += PIECE_BYTES) {
      long piece = Math.min(length - done, PIECE_BYTES);
      error = io.write(Zeroes.MEMORY, 0, piece, position + done);
    }
    return error;
  }

  private static boolean unsupported(int error) {
    return error == -Errno.ENOTSUP || error == -LinuxErrno.ENOSYS || error == -Errno.EINVAL;
  }

  /** Made when it is first needed. */
  static final class Zeroes {
    static final MemorySegment MEMORY = Arena.global().allocate(PIECE_BYTES, 4096).asReadOnly();

    private Zeroes() {}
  }
}
