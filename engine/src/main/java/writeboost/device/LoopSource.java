package writeboost.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What a loop device is made of: to the system it is a device of its own. Any thread. */
public final class LoopSource {

  private static final Path DEVICES = Path.of("/dev");
  private static final Path DESCRIPTIONS = Path.of("/sys/class/block");
  private static final Path SOURCE = Path.of("loop", "backing_file");

  private LoopSource() {}

  /** The file behind {@code path} if that is a whole loop device, otherwise {@code path}. */
  public static Path behind(Path path) throws IOException {
    Path current = path;
    Path source = of(current);
    while (source != null) {
      current = source;
      source = of(current);
    }
    return current;
  }

  /** What is directly behind a whole loop device; null if {@code path} is something else. */
  private static @Nullable Path of(Path path) throws IOException {
    Path real = Files.exists(path) ? path.toRealPath() : path;
    if (!DEVICES.equals(real.getParent())) {
      return null;
    }
    Path source = DESCRIPTIONS.resolve(real.getFileName()).resolve(SOURCE);
    return Files.exists(source) ? Path.of(Files.readString(source).stripTrailing()) : null;
  }
}
