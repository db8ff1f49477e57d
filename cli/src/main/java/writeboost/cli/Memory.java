package writeboost.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The memory of this machine, and what this process has of it. */
final class Memory {
  private static final Path INFO = Path.of("/proc/meminfo");
  private static final Path OWN = Path.of("/proc/self/status");
  private static final int KIBI_BITS = 10;

  private Memory() {}

  /**
   * Bytes of RAM that this process can have if nobody else wants any: the machine's, or less where
   * a control group says so. Without an answer, more than anybody asks for.
   */
  static long limitBytes() {
    long machine = kibibytes(INFO, "MemTotal:", Long.MAX_VALUE >> KIBI_BITS) << KIBI_BITS;
    return Math.min(machine, ControlGroup.memoryLimitBytes());
  }

  /** Bytes of that which nobody else uses now. */
  static long freeBytes() {
    long machine = kibibytes(INFO, "MemAvailable:", Long.MAX_VALUE >> KIBI_BITS) << KIBI_BITS;
    return Math.min(machine, ControlGroup.memoryLimitBytes());
  }

  /** Bytes that this process has in RAM; without an answer, 0. */
  static long residentBytes() {
    return kibibytes(OWN, "VmRSS:", 0) << KIBI_BITS;
  }

  private static long kibibytes(Path file, String name, long otherwise) {
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.startsWith(name)) {
          return Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
    } catch (IOException | NumberFormatException e) {
      return otherwise;
    }
    return otherwise;
  }
}
