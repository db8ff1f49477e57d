package writeboost.device;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Creates files for devices: mode 0600, locked, never over or through anything that has the name.
 * One thread at a time.
 *
 * <p>The file gets its name last, when it is complete and durable. Until then it has none (or,
 * where the file system wants one, a name of its own), so a crash on the way leaves nothing that
 * could be taken for a finished file.
 */
public final class FileCreation {
  private static final int MODE = 0600;
  private static final int FILL_BYTES = 1 << 20;
  private static final String UNFINISHED = ".unfinished";

  private final Path path;
  private final long size;
  private int fd;

  /** The name it has until it gets its own; null if it has none. */
  private @Nullable Path interim;

  private FileCreation(Path path, long size) {
    this.path = path;
    this.size = size;
  }

  /** A file of zeroes that takes space only where it is written. */
  public static DeviceFile sparse(Path path, long size) throws DeviceException {
    return new FileCreation(path, size).create(false, true, done -> {});
  }

  /**
   * A file that has all its space, and zeroes written to all of it, so that writing to it later
   * changes nothing but data.
   *
   * @param progress told how many bytes have been written; may throw to give up
   */
  public static DeviceFile allocated(Path path, long size, LongConsumer progress)
      throws DeviceException {
    return allocated(path, size, true, progress);
  }

  /**
   * @param nameless whether to try a file without a name first
   */
  static DeviceFile allocated(Path path, long size, boolean nameless, LongConsumer progress)
      throws DeviceException {
    return new FileCreation(path, size).create(true, nameless, progress);
  }

  private DeviceFile create(boolean allocated, boolean nameless, LongConsumer progress)
      throws DeviceException {
    if (size <= 0 || size % Requests.SECTOR_BYTES != 0) {
      throw new DeviceException(
          path, "cannot have a size of %d bytes: give a multiple of 512".formatted(size));
    }
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw DeviceException.of(path, "create it", LinuxErrno.EEXIST);
    }
    open(nameless);
    boolean finished = false;
    try {
      DeviceFile.lock(path, fd, false, 1);
      check("create it", Posix.truncate(fd, size));
      if (allocated) {
        fill(progress);
      }
      check("create it", Posix.dataSync(fd));
      name();
      finished = true;
    } finally {
      if (!finished) {
        Posix.close(fd);
        removeInterim();
      }
    }
    return new DeviceFile(path, fd, false, true);
  }

  private Path folder() {
    Path parent = path.getParent();
    return parent == null ? Path.of(".") : parent;
  }

  private void open(boolean nameless) throws DeviceException {
    fd = -Errno.ENOTSUP;
    if (nameless) {
      fd = Posix.open(folder().toString(), Posix.O_TMPFILE | Posix.O_RDWR, MODE);
    }
    if (fd == -Errno.ENOTSUP || fd == -LinuxErrno.EISDIR || fd == -Errno.EINVAL) {
      openNamed();
    }
    check("create it", fd);
  }

  /** For file systems that do not know files without a name. */
  private void openNamed() throws DeviceException {
    Path name = folder().resolve(path.getFileName() + UNFINISHED);
    int flags = Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL | Posix.O_NOFOLLOW;
    fd = Posix.open(name.toString(), flags, MODE);
    if (fd == -LinuxErrno.EEXIST) {
      throw new DeviceException(
          name, "left over from an earlier start, or another start is at it; remove it then");
    }
    interim = name;
  }

  private void fill(LongConsumer progress) throws DeviceException {
    int error = Posix.allocate(fd, 0, 0, size);
    if (error != -Errno.ENOTSUP) {
      check("allocate %d MiB for it".formatted(size >> 20), error);
    }
    FileStatus status = new FileStatus();
    check("create it", Posix.status(fd, status));
    PositionedIo io = new PositionedIo(fd, DirectMode.choose(fd, status, size));
    for (long done = 0; done < size; ) {
      long length = Math.min(FILL_BYTES, size - done);
      check("fill it", io.write(Zeroing.Zeroes.MEMORY, 0, length, done));
      done += length;
      progress.accept(done);
    }
  }

  private void name() throws DeviceException {
    int error = Posix.link(fd, path.toString());
    if (interim != null && error == -Errno.EPERM) { // a file system without links
      try {
        Files.move(interim, path);
      } catch (IOException e) {
        throw new DeviceException(path, "cannot create it: " + e.getMessage());
      }
      interim = null;
      error = 0;
    }
    check("create it", error);
    removeInterim();
    syncFolder();
  }

  /** With fsync: after fdatasync of a folder, ext4 may still lose the new name. */
  private void syncFolder() {
    try (FileChannel channel = FileChannel.open(folder(), StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // a folder that may be written but not read cannot be synced
    }
  }

  private void removeInterim() {
    if (interim != null) {
      try {
        Files.deleteIfExists(interim);
      } catch (IOException e) {
        // what brought us here says more
      }
      interim = null;
    }
  }

  private void check(String doing, int result) throws DeviceException {
    if (result < 0) {
      throw DeviceException.of(path, doing, -result);
    }
  }
}
