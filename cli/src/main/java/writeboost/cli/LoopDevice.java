package writeboost.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a loop device is made of: to the system it is a device of its own. */
final class LoopDevice {

  private static final Path DEVICES = Path.of("/dev");
  private static final Path DESCRIPTIONS = Path.of("/sys/class/block");
  private static final Path SOURCE = Path.of("loop", "backing_file");

  private LoopDevice() {}

  /** The file behind {@code path} if that is a whole loop device, otherwise {@code path}. */
  static Path behind(Path path) throws IOException {
    Path current = path;
    while (Files.exists(current)) {
      Path real = current.toRealPath();
      if (!DEVICES.equals(real.getParent())) {
        return current;
      }
      Path source = DESCRIPTIONS.resolve(real.getFileName()).resolve(SOURCE);
      if (!Files.exists(source)) {
        return current;
      }
      current = Path.of(Files.readString(source).stripTrailing());
    }
    return current;
  }
}
