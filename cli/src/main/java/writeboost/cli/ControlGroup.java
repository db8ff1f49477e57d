package writeboost.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the control groups (cgroups) that this process is in, version 1 or 2, let it have. */
final class ControlGroup {

  private static final String MEMORY_CONTROLLER = "memory";

  private ControlGroup() {}

  /** Bytes of RAM; {@link Long#MAX_VALUE} where nothing limits them. */
  static long memoryLimitBytes() {
    return memoryLimitBytes(Path.of("/proc/self/cgroup"), Path.of("/sys/fs/cgroup"));
  }

  /**
   * @param membership lines such as {@code 0::/system.slice/a.service} or {@code 4:memory:/a}
   * @param mount where the file systems of the groups are
   */
  static long memoryLimitBytes(Path membership, Path mount) {
    List<String> lines;
    try {
      lines = Files.readAllLines(membership);
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
    long limit = Long.MAX_VALUE;
    for (String line : lines) {
      String[] parts = line.split(":", 3);
      if (parts.length < 3) {
        continue;
      }
      if (parts[1].isEmpty()) {
        limit = Math.min(limit, least(mount, parts[2], "memory.max"));
      } else if (List.of(parts[1].split(",")).contains(MEMORY_CONTROLLER)) {
        Path root = mount.resolve(MEMORY_CONTROLLER);
        limit = Math.min(limit, least(root, parts[2], "memory.limit_in_bytes"));
      }
    }
    return limit;
  }

  /** A group has no more than those that it is in. */
  private static long least(Path root, String group, String file) {
    long least = limit(root.resolve(file));
    // In a container the path may be the host's, or lead out of what is mounted: then root is it.
    Path at = root.resolve(group.substring(1)).normalize();
    while (at != null && at.startsWith(root) && !at.equals(root)) {
      least = Math.min(least, limit(at.resolve(file)));
      at = at.getParent();
    }
    return least;
  }

  private static long limit(Path file) {
    try {
      return Long.parseLong(Files.readString(file).strip());
    } catch (IOException | NumberFormatException e) { // there is none, or it says "max"
      return Long.MAX_VALUE;
    }
  }
}
