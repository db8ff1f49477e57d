package writeboost.cli;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import writeboost.device.Blocking;
import writeboost.device.DeviceFile;
import writeboost.device.FileDevice;
import writeboost.inspect.CacheContents;
import writeboost.layout.Geometry;

/**
 * A cache device opened to be looked at: for reading alone, under a lock that keeps servers away.
 */
final class InspectedCache implements AutoCloseable {

  /** Segments are read one after the other. */
  private static final int THREADS = 1;

  private final Path path;
  private final FileDevice device;
  private final Arena arena = Arena.ofShared();

  /** Fails with one line if a server runs on it. */
  InspectedCache(Path path) throws CommandFailure, IOException {
    this.path = path;
    if (DeviceFile.identity(path) == null) {
      throw CommandFailure.failure(path + ": no such file; check the path");
    }
    device = new FileDevice(DeviceFile.open(path, /* readOnly= */ true), THREADS);
  }

  /** Reads superblock and record. */
  CacheContents contents() throws IOException {
    return CacheContents.open(
        new Blocking(device, path.toString()), bytes -> arena.allocate(bytes, Geometry.BLOCK));
  }

  Path path() {
    return path;
  }

  @Override
  public void close() {
    device.close();
    arena.close();
  }
}
