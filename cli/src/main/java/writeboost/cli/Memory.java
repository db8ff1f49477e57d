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

  /** Bytes; without an answer, more than anybody asks for. */
  static long totalBytes() {
    return kibibytes(INFO, "MemTotal:", Long.MAX_VALUE >> KIBI_BITS) << KIBI_BITS;
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
