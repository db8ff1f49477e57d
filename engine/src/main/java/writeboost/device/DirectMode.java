package writeboost.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Whether an open file takes direct I/O (past the page cache), and how that must be aligned.
 *
 * @param direct O_DIRECT is on
 * @param memoryAlignment bytes; 1 if any address will do
 * @param offsetAlignment bytes; of offsets and lengths, at least 512. Without direct I/O it is what
 *     a block device wants to be zeroed in
 * @param description for people
 */
record DirectMode(boolean direct, int memoryAlignment, int offsetAlignment, String description) {
  private static final int PAGE_BYTES = 4096;

  /** Switches {@code fd} to direct I/O if that works, to buffered I/O otherwise. */
  static DirectMode choose(int fd, FileStatus status, long size) {
    int sector = status.isBlockDevice() ? Posix.queryInt(fd, Posix.BLKSSZGET) : 0;
    sector = Math.max(sector, Requests.SECTOR_BYTES);
    if (status.knowsDirectAlignment()) {
      int memory = status.directMemoryAlignment();
      int offset = Math.max(status.directOffsetAlignment(), sector);
      if (memory == 0 || status.directOffsetAlignment() == 0) {
        return buffered(fd, sector, "its file system does not take direct I/O");
      }
      return attempt(fd, memory, offset, size, sector);
    }
    DirectMode fine = attempt(fd, sector, sector, size, sector);
    return fine.direct() ? fine : attempt(fd, PAGE_BYTES, PAGE_BYTES, size, sector);
  }

  static DirectMode buffered(int fd, int sector, String why) {
    Posix.direct(fd, false);
    return new DirectMode(false, 1, sector, "buffered I/O (" + why + ")");
  }

  private static DirectMode attempt(int fd, int memory, int offset, long size, int sector) {
    if (size % offset != 0) {
      return buffered(fd, sector, "its size is not a multiple of " + offset);
    }
    if (Posix.direct(fd, true) < 0 || !readsAligned(fd, memory, offset, size)) {
      return buffered(fd, sector, "its file system does not take direct I/O");
    }
    return new DirectMode(
        true, memory, offset, "direct I/O (in multiples of %d bytes)".formatted(offset));
  }

  /** Only a read tells: some file systems take the flag and then refuse the I/O. */
  private static boolean readsAligned(int fd, int memory, int offset, long size) {
    try (Arena arena = Arena.ofConfined()) {
      int length = Math.max(memory, offset);
      MemorySegment data = arena.allocate(2L * length, 2L * length).asSlice(length, length);
      return Posix.read(fd, data, 0, offset, Math.min(offset, size - offset)) != -Errno.EINVAL;
    }
  }
}
