package writeboost.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether a disk turns, as the kernel has it in {@code /sys/dev/block/MAJOR:MINOR}: {@code
 * queue/rotational}, which a partition has in the folder of its disk. Any thread.
 */
final class Rotation {

  private static final Path BLOCK_DEVICES = Path.of("/sys/dev/block");
  private static final String ROTATIONAL = "queue/rotational";

  private Rotation() {}

  /**
   * Of the disk, or of the one below the file; false where nobody knows (a file system over several
   * disks, for one).
   */
  static boolean of(Identity file) {
    return of(BLOCK_DEVICES.resolve(file.majorMinor()));
  }

  static boolean of(Path link) {
    try {
      Path disk = link.toRealPath();
      Path own = disk.resolve(ROTATIONAL);
      Path known = Files.exists(own) ? own : disk.resolveSibling(ROTATIONAL);
      return Files.readString(known).strip().equals("1");
    } catch (IOException e) {
      return false;
    }
  }
}
