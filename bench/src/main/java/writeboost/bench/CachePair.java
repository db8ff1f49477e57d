package writeboost.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import writeboost.device.BlockDevice;
import writeboost.device.DeviceFile;
import writeboost.device.FileCreation;
import writeboost.device.FileDevice;
import writeboost.layout.Formatter;
import writeboost.volume.Volume;
import writeboost.volume.VolumeOptions;

/**
 * A sparse backing file and a cache file that belongs to it, for the command to serve. Closing it
 * removes the backing file. One thread.
 */
final class CachePair implements AutoCloseable {

  private final Workspace workspace;
  private final Path backing;
  private final Path cache;

  private CachePair(Workspace workspace, Path backing, Path cache) {
    this.workspace = workspace;
    this.backing = backing;
    this.cache = cache;
  }

  /**
   * Formats {@code cache}, which may have been used before, for a new backing file.
   *
   * <p>Not left to the command: it would ask for what was there before, and would then punch a hole
   * for every header into a file that is to stay written.
   */
  static CachePair in(Bench bench, Path cache, long volumeBytes) throws IOException {
    Path backing = bench.workspace().file("backing.img");
    FileCreation.sparse(backing, volumeBytes).close();
    VolumeOptions options =
        new VolumeOptions(
            VolumeOptions.DEFAULT_ORDER,
            /* readOnly= */ false,
            VolumeOptions.DEFAULT_RAM_BUFFER_BYTES,
            /* cacheFreshlyCreated= */ true,
            /* backingFreshlyCreated= */ true,
            cache.toString(),
            backing.toString());
    try (BlockDevice slow = new FileDevice(DeviceFile.open(backing, false));
        BlockDevice fast = new FileDevice(DeviceFile.open(cache, false))) {
      BenchServer.forget(fast, cache.toString());
      try (Volume volume = Volume.open(slow, fast, options, Formatter.Progress.NONE)) {
        volume.stop();
      }
    }
    return new CachePair(bench.workspace(), backing, cache);
  }

  Path cache() {
    return cache;
  }

  Server serve() throws IOException {
    return Server.serve(workspace, backing, cache);
  }

  @Override
  public void close() throws IOException {
    Files.delete(backing);
  }
}
