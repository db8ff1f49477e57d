package writeboost.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How long a block device has been at work, whoever for, as the kernel counts it: field 10 of
 * {@code /sys/dev/block/MAJOR:MINOR/stat}, in milliseconds. A partition has its own. Any thread.
 */
final class BusyTime {

  private static final int BUSY_MS = 9;
  private static final long NS_PER_MS = 1_000_000;

  private final Path file;

  BusyTime(Identity blockDevice) {
    this(Path.of("/sys/dev/block/%s/stat".formatted(blockDevice.majorMinor())));
  }

  BusyTime(Path file) {
    this.file = file;
  }

  /** Negative where the kernel says nothing. */
  long nanoseconds() {
    try {
      String[] fields = Files.readString(file).trim().split("\\s+", -1);
      return fields.length > BUSY_MS ? Long.parseLong(fields[BUSY_MS]) * NS_PER_MS : -1;
    } catch (IOException | NumberFormatException e) {
      return -1;
    }
  }
}
