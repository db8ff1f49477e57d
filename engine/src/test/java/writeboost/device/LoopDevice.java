package writeboost.device;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/** A block device of the system over a file; detached by {@link #close}. */
record LoopDevice(Path path) implements Closeable {

  static LoopDevice attach(Path file, int sectorBytes) throws IOException {
    return attach(file, "--sector-size", Integer.toString(sectorBytes));
  }

  /** What is behind {@code offset}. */
  static LoopDevice attachPart(Path file, int offset) throws IOException {
    return attach(file, "--offset", Integer.toString(offset));
  }

  private static LoopDevice attach(Path file, String option, String value) throws IOException {
    Command.assumeRootAnd("losetup");
    Command losetup = Command.run("losetup", "--find", "--show", option, value, file.toString());
    assumeTrue(losetup.ok(), "needs loop devices: " + losetup.output());
    return new LoopDevice(Path.of(losetup.output()));
  }

  @Override
  public void close() throws IOException {
    Command losetup = Command.run("losetup", "--detach", path.toString());
    if (!losetup.ok()) {
      throw new IOException(losetup.output());
    }
  }
}
