package writeboost.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An open, locked and checked regular file or block device, before it becomes a {@link FileDevice}.
 * One thread at a time.
 *
 * <p>A writable one is ours alone, against other processes as well as this one; read-only ones
 * share. A block device that is mounted or otherwise claimed is refused for writing. So is a loop
 * device whose file somebody else has locked.
 */
public final class DeviceFile implements AutoCloseable {
  private static final int LOCK_ATTEMPTS = 20;
  private static final long LOCK_PAUSE_NS = 50_000_000;
  private static final int PREFERRED_BYTES = 4096;

  private final Path path;
  private final boolean readOnly;
  private final boolean created;
  private final FileStatus status;
  private final long size;
  private final DirectMode mode;
  private final int preferredBytes;
  private int fd;

  /** Holds the lock of the file behind a loop device; -1 if there is none. */
  private int fdBehind = -1;

  /** Takes over {@code fd}, which is locked; closes it on failure, too. */
  DeviceFile(Path path, int fd, boolean readOnly, boolean created) throws DeviceException {
    this.path = path;
    this.fd = fd;
    this.readOnly = readOnly;
    this.created = created;
    try {
      status = statusOf(path, fd);
      size = sizeOf(path, fd, status);
      mode = DirectMode.choose(fd, status, size);
      int physical = status.isBlockDevice() ? Posix.queryInt(fd, Posix.BLKPBSZGET) : 0;
      preferredBytes = Math.max(PREFERRED_BYTES, physical);
    } catch (DeviceException | RuntimeException e) {
      Posix.close(fd);
      throw e;
    }
  }

  /** What is at {@code path}, behind links; null if there is nothing. */
  public static @Nullable Identity identity(Path path) throws DeviceException {
    FileStatus status = new FileStatus();
    int error = Posix.status(path.toString(), status);
    if (error == -LinuxErrno.ENOENT) {
      return null;
    }
    if (error < 0) {
      throw DeviceException.of(path, "open it", -error);
    }
    return status.identity();
  }

  /** Opens and locks what is at {@code path}, behind links. */
  public static DeviceFile open(Path path, boolean readOnly) throws DeviceException {
    FileStatus status = new FileStatus();
    int error = Posix.status(path.toString(), status);
    if (error < 0) {
      throw DeviceException.of(path, "open it", -error);
    }
    checkKind(path, status); // before opening: that alone moves a tape and waits on a pipe
    boolean claim = status.isBlockDevice() && !readOnly;
    int flags = readOnly ? Posix.O_RDONLY : Posix.O_RDWR | (claim ? Posix.O_EXCL : 0);
    int fd = Posix.open(path.toString(), flags, 0);
    if (fd < 0) {
      throw DeviceException.of(path, "open it", -fd);
    }
    try {
      lock(path, fd, readOnly, status.isBlockDevice() ? LOCK_ATTEMPTS : 1);
    } catch (DeviceException e) {
      Posix.close(fd);
      throw e;
    }
    DeviceFile file = new DeviceFile(path, fd, readOnly, false);
    try {
      file.lockBehind();
    } catch (DeviceException | RuntimeException e) {
      file.close();
      throw e;
    }
    return file;
  }

  /**
   * Whoever opens the file behind a loop device, or has it open, would share it with us. So would
   * another loop device on it; one for another part of the file is refused as well.
   */
  private void lockBehind() throws DeviceException {
    Path source;
    try {
      source = LoopSource.behind(path);
    } catch (IOException e) {
      throw new DeviceException(path, "what is behind this loop device cannot be read: " + e);
    }
    if (source.equals(path)) {
      return;
    }
    int opened = Posix.open(source.toString(), Posix.O_RDONLY, 0);
    if (opened < 0) { // a file without a name, or not for us: nothing to lock
      return;
    }
    try {
      lock(source, opened, readOnly, Files.isRegularFile(source) ? 1 : LOCK_ATTEMPTS);
    } catch (DeviceException e) {
      Posix.close(opened);
      throw new DeviceException(path, "is a loop device, and behind it " + e.getMessage());
    }
    fdBehind = opened;
  }

  public Path path() {
    return path;
  }

  /** Bytes, a multiple of 512. */
  public long size() {
    return size;
  }

  public boolean readOnly() {
    return readOnly;
  }

  /** Whether {@link FileCreation} made it just now. */
  public boolean created() {
    return created;
  }

  public boolean isBlockDevice() {
    return status.isBlockDevice();
  }

  public Identity identity() {
    return status.identity();
  }

  /** What there is of it now, in bytes; negative where that cannot be known. */
  long sizeNow() {
    return isBlockDevice() ? size : Posix.seek(fd, 0, Posix.SEEK_END);
  }

  Fingerprint fingerprint() {
    return isBlockDevice() ? Fingerprint.ofBlockDevice(identity()) : Fingerprint.ofFile(path);
  }

  Fingerprint giveFingerprint() {
    return isBlockDevice() || readOnly ? fingerprint() : Fingerprint.give(path);
  }

  /** Unlocks and closes it. Closing twice is harmless. */
  @Override
  public void close() {
    if (fd >= 0) {
      Posix.close(fd);
      fd = -1;
    }
    if (fdBehind >= 0) {
      Posix.close(fdBehind);
      fdBehind = -1;
    }
  }

  int descriptor() {
    return fd;
  }

  DirectMode mode() {
    return mode;
  }

  int preferredBytes() {
    return preferredBytes;
  }

  static void lock(Path path, int fd, boolean shared, int attempts) throws DeviceException {
    int operation = (shared ? Posix.LOCK_SH : Posix.LOCK_EX) | Posix.LOCK_NB;
    int error = Posix.lock(fd, operation);
    // The system looks at a block device, under this lock, just after a writer has closed it.
    for (int i = 1; i < attempts && error == -LinuxErrno.EAGAIN; i++) {
      LockSupport.parkNanos(LOCK_PAUSE_NS);
      error = Posix.lock(fd, operation);
    }
    if (error == -LinuxErrno.EAGAIN) {
      throw new DeviceException(path, "in use (locked); stop the process that uses it first");
    }
    if (error < 0) {
      throw DeviceException.of(path, "lock it", -error);
    }
  }

  private static FileStatus statusOf(Path path, int fd) throws DeviceException {
    FileStatus status = new FileStatus();
    int error = Posix.status(fd, status);
    if (error < 0) {
      throw DeviceException.of(path, "open it", -error);
    }
    checkKind(path, status); // again: the name may mean another file by now
    return status;
  }

  private static void checkKind(Path path, FileStatus status) throws DeviceException {
    if (status.isDirectory()) {
      throw new DeviceException(path, "is a folder; give a file or a block device");
    }
    if (!status.isRegular() && !status.isBlockDevice()) {
      throw new DeviceException(path, "is neither a file nor a block device; give one of these");
    }
  }

  private static long sizeOf(Path path, int fd, FileStatus status) throws DeviceException {
    long size = status.isBlockDevice() ? Posix.blockDeviceSize(fd) : status.size();
    if (size < 0) {
      throw DeviceException.of(path, "find its size", (int) -size);
    }
    if (size == 0) {
      throw new DeviceException(path, "is empty; remove it and give a size to create it anew");
    }
    if (size % Requests.SECTOR_BYTES != 0) {
      throw new DeviceException(
          path, "its size, %d bytes, is not a multiple of 512; change that".formatted(size));
    }
    return size;
  }
}
