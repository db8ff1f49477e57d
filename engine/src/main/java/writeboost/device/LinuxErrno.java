package writeboost.device;

/**
 * Linux error numbers that only this package looks at; the ones of the seam are in {@link Errno}.
 */
final class LinuxErrno {
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int ENXIO = 6;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EBUSY = 16;
  static final int EEXIST = 17;
  static final int ENOTDIR = 20;
  static final int EISDIR = 21;
  static final int EFBIG = 27;
  static final int EROFS = 30;
  static final int ENOSYS = 38;
  static final int ELOOP = 40;
  static final int EDQUOT = 122;

  private LinuxErrno() {}
}
