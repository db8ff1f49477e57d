package writeboost.device;

/**
 * What tells two files apart, whatever names they go by: two paths lead to the same file or block
 * device if and only if their identities are equal.
 *
 * @param device of the file system that holds the file, or of the block device itself
 * @param inode of the file, or {@link #BLOCK_DEVICE}
 */
public record Identity(long device, long inode) {
  /** No file has this inode number. */
  static final long BLOCK_DEVICE = 0;

  /** The numbers of the device, {@code MAJOR:MINOR}, as paths in /sys have them. */
  String majorMinor() {
    // As statx has them, one after the other.
    return (int) device + ":" + (int) (device >>> 32);
  }
}
