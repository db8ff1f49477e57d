package writeboost.device;

/**
 * What a file system says of the holes of a file (lseek with SEEK_DATA and SEEK_HOLE). As true as
 * its word: what is preallocated and was never written counts as a hole too. Any thread; looking
 * may wait for the disk.
 */
final class Holes {

  private Holes() {}

  /** Answers {@code extents}, but for its completion. */
  static void describe(int fd, Extents extents) {
    long end = extents.offset + extents.length;
    boolean more = true;
    while (more) {
      long at = extents.offset + extents.described();
      long data = nextData(fd, at, end);
      if (data > at) {
        more = extents.add(data - at, Extents.HOLE | Extents.ZERO);
      } else {
        long hole = data < 0 ? data : Posix.seek(fd, at, Posix.SEEK_HOLE);
        // Not after it where it was punched just now: then there is no saying how far data goes.
        more = extents.add(hole > at ? Math.min(hole, end) - at : end - at, 0);
      }
    }
  }

  /** The first sector with data, {@code end} at the most; negative where nobody knows. */
  private static long nextData(int fd, long at, long end) {
    long data = Posix.seek(fd, at, Posix.SEEK_DATA);
    if (data == -LinuxErrno.ENXIO) {
      // Nothing but a hole up to the end of the file: which must not have come nearer.
      return Posix.seek(fd, 0, Posix.SEEK_END) >= end ? end : data;
    }
    return data >= end ? end : data & -Requests.SECTOR_BYTES;
  }
}
