package writeboost.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The memory of this machine. */
final class Memory {
  private static final Path INFO = Path.of("/proc/meminfo");

  private Memory() {}

  /** Bytes; without an answer, more than anybody asks for. */
  static long totalBytes() {
    try {
      for (String line : Files.readAllLines(INFO)) {
        if (line.startsWith("MemTotal:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return Long.MAX_VALUE;
    }
    return Long.MAX_VALUE;
  }
}
