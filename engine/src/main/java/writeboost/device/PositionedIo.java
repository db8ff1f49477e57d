package writeboost.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.StampedLock;

/**
 * Reads and writes any sectors of an open file from and to any memory, whatever alignment direct
 * I/O wants: what is not aligned goes through an aligned buffer. Any thread.
 *
 * <p>Results are 0 or a negated errno.
 */
final class PositionedIo {
  private final int fd;
  private final long memoryMask;
  private final long offsetMask;
  private final BouncePool bounces = new BouncePool();

  /**
   * A write of part of an aligned unit reads the rest of it and writes it back, which must not undo
   * another write to that rest: it is alone (the write lock), all others share (the read lock). Not
   * used where a unit is one sector, as no request is less.
   *
   * <p>Not reentrant, and not tied to a thread: a write through io_uring ends on another one.
   */
  private final StampedLock units = new StampedLock();

  /** Writes of parts that are under way or wait. */
  private final AtomicInteger partialWrites = new AtomicInteger();

  PositionedIo(int fd, DirectMode mode) {
    this.fd = fd;
    this.memoryMask = mode.direct() ? mode.memoryAlignment() - 1L : 0;
    this.offsetMask = mode.direct() ? mode.offsetAlignment() - 1L : 0;
  }

  private boolean wholeUnits(long position, long length) {
    return ((position | length) & offsetMask) == 0;
  }

  /** Reads all of it: the end of the file on the way is an I/O error, never zeroes. */
  int read(MemorySegment data, long dataOffset, long length, long position) {
    if (fits(data, dataOffset, length, position)) {
      return complete(Posix.read(fd, data, dataOffset, length, position), length);
    }
    MemorySegment bounce = bounces.take();
    try {
      for (long done = 0; done < length; ) {
        long start = (position + done) & ~offsetMask;
        long skip = position + done - start;
        long piece = Math.min(length - done, bounce.byteSize() - skip);
        long window = up(skip + piece);
        int error = complete(Posix.read(fd, bounce, 0, window, start), window);
        if (error != 0) {
          return error;
        }
        MemorySegment.copy(bounce, skip, data, dataOffset + done, piece);
        done += piece;
      }
      return 0;
    } finally {
      bounces.give(bounce);
    }
  }

  int write(MemorySegment data, long dataOffset, long length, long position) {
    if (!unitsAreLocked()) {
      return writeUnlocked(data, dataOffset, length, position);
    }
    if (wholeUnits(position, length)) {
      long stamp = units.readLock();
      try {
        return writeUnlocked(data, dataOffset, length, position);
      } finally {
        units.unlockRead(stamp);
      }
    }
    partialWrites.incrementAndGet();
    long stamp = units.writeLock();
    try {
      return writeUnlocked(data, dataOffset, length, position);
    } finally {
      units.unlockWrite(stamp);
      partialWrites.decrementAndGet();
    }
  }

  /**
   * Has to be asked before a write of whole units that somebody else carries out, who calls {@link
   * #endWholeUnits} at its end. False, and nothing has begun, while parts of units are written: it
   * would have to wait.
   */
  boolean beginWholeUnits() {
    return !unitsAreLocked() || partialWrites.get() == 0 && units.tryReadLock() != 0;
  }

  /** From any thread. */
  void endWholeUnits() {
    if (unitsAreLocked() && !units.tryUnlockRead()) {
      throw new IllegalStateException("a write ended that had not begun");
    }
  }

  private boolean unitsAreLocked() {
    return offsetMask >= Requests.SECTOR_BYTES;
  }

  /** fallocate on whole units, kept apart from writes of parts of them. */
  int allocate(int mode, long length, long position) {
    long stamp = units.readLock();
    try {
      return Posix.allocate(fd, mode, position, length);
    } finally {
      units.unlockRead(stamp);
    }
  }

  private int writeUnlocked(MemorySegment data, long dataOffset, long length, long position) {
    if (fits(data, dataOffset, length, position)) {
      return complete(Posix.write(fd, data, dataOffset, length, position), length);
    }
    MemorySegment bounce = bounces.take();
    try {
      for (long done = 0; done < length; ) {
        long start = (position + done) & ~offsetMask;
        long skip = position + done - start;
        long piece = Math.min(length - done, bounce.byteSize() - skip);
        long window = up(skip + piece);
        if (window != piece) {
          int error = complete(Posix.read(fd, bounce, 0, window, start), window);
          if (error != 0) {
            return error;
          }
        }
        MemorySegment.copy(data, dataOffset + done, bounce, skip, piece);
        int error = complete(Posix.write(fd, bounce, 0, window, start), window);
        if (error != 0) {
          return error;
        }
        done += piece;
      }
      return 0;
    } finally {
      bounces.give(bounce);
    }
  }

  /** Whether the memory, and the place in the file, are aligned as direct I/O wants it. */
  boolean fits(MemorySegment data, long dataOffset, long length, long position) {
    return data.isNative()
        && ((data.address() + dataOffset) & memoryMask) == 0
        && wholeUnits(position, length);
  }

  private long up(long bytes) {
    return (bytes + offsetMask) & ~offsetMask;
  }

  private static int complete(long transferred, long length) {
    if (transferred < 0) {
      return (int) transferred;
    }
    return transferred == length ? 0 : -Errno.EIO;
  }

  /** Aligned buffers: no more of them than threads that needed one at the same time. */
  private static final class BouncePool {
    private static final int BYTES = 256 << 10;
    private static final int ALIGNMENT = 4096;

    private MemorySegment[] free = new MemorySegment[4];
    private int count;

    synchronized MemorySegment take() {
      return count > 0 ? free[--count] : Arena.ofAuto().allocate(BYTES, ALIGNMENT);
    }

    synchronized void give(MemorySegment bounce) {
      if (count == free.length) {
        free = Arrays.copyOf(free, 2 * count);
      }
      free[count++] = bounce;
    }
  }
}
