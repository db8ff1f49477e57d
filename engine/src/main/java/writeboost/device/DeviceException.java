package writeboost.device;

import java.io.IOException;
import java.nio.file.Path;

/** A device that cannot be used: one line that says what, which device, and what to do. */
public final class DeviceException extends IOException {
  private static final long serialVersionUID = 1;

  DeviceException(Path path, String message) {
    super(path + ": " + message);
  }

  /**
   * @param doing what failed, as in "cannot " + doing
   * @param error errno
   */
  static DeviceException of(Path path, String doing, int error) {
    return new DeviceException(path, "cannot " + doing + ": " + explain(error));
  }

  private static String explain(int error) {
    return switch (error) {
      case LinuxErrno.ENOENT ->
          "no such file or folder; check the path, or give a size to create it";
      case LinuxErrno.ELOOP -> "its symbolic links lead in a circle";
      case LinuxErrno.ENOTDIR -> "a part of the path is not a folder";
      case LinuxErrno.EACCES, Errno.EPERM ->
          "permission denied; change its owner or rights, or the user";
      case LinuxErrno.EROFS -> "it is read-only, or on a read-only file system";
      case LinuxErrno.EBUSY ->
          "in use (mounted, or claimed by another program); unmount or stop that";
      case LinuxErrno.EEXIST ->
          "the name is taken (by a file or a dangling link); nothing was changed";
      case Errno.ENOSPC, LinuxErrno.EDQUOT -> "no space left; free some, or choose a smaller size";
      case LinuxErrno.EFBIG -> "too large for its file system";
      case Errno.EIO -> "I/O error; see the kernel's log";
      default -> Errno.name(error);
    };
  }
}
