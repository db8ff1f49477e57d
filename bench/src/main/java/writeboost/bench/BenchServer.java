package writeboost.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.DeviceFile;
import writeboost.device.FileDevice;
import writeboost.device.MemoryDevice;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.nbd.Export;
import writeboost.nbd.NbdServer;
import writeboost.nbd.ServerOptions;
import writeboost.volume.Snapshot;
import writeboost.volume.Volume;
import writeboost.volume.VolumeOptions;

/**
 * A process that serves a writeboost volume to be measured: the cache is a file, the backing device
 * is a model of one in RAM. Runs on the main thread until its standard input ends, so that it does
 * not outlive whoever started it.
 *
 * <pre>
 * stdout: ready
 * stdin:  (an empty line)     stdout: what is in the log, as a {@link LogState}
 * </pre>
 */
final class BenchServer {

  private static final long ACTUATOR_NS = TimeUnit.MILLISECONDS.toNanos(5);

  private BenchServer() {}

  /** Arguments: the socket, and those of a {@link Setup}. */
  public static void main(String[] args) throws IOException {
    Path socket = Path.of(args[0]);
    Setup setup = Setup.parse(List.of(args).subList(1, args.length));
    String cacheName = setup.cache().toString();
    try (BlockDevice backing = backing(setup);
        BlockDevice cache = cache(setup)) {
      forget(cache, cacheName);
      Volume volume = Volume.open(backing, cache, options(cacheName), Formatter.Progress.NONE);
      NbdServer server = NbdServer.start(volume, new Export("", "", false), ServerOptions.DEFAULTS);
      server.listen(UnixDomainSocketAddress.of(socket));
      System.out.println("ready");
      answerUntilEnd(volume, cache.size());
    }
    System.exit(0); // in the middle of write-back, which is of no use any more
  }

  /** Options for a volume over new devices. */
  static VolumeOptions options(String cacheName) {
    return new VolumeOptions(
        VolumeOptions.DEFAULT_ORDER,
        /* readOnly= */ false,
        VolumeOptions.DEFAULT_RAM_BUFFER_BYTES,
        /* cacheFreshlyCreated= */ true,
        /* backingFreshlyCreated= */ true,
        cacheName,
        "backing");
  }

  private static BlockDevice backing(Setup setup) {
    MemoryDevice content = new MemoryDevice(setup.volumeBytes());
    return switch (setup.backing()) {
      case ACTUATOR -> new SlowDevice(content, ACTUATOR_NS);
      case DISK -> new RotatingDevice(content);
      case MEMORY -> content;
    };
  }

  private static BlockDevice cache(Setup setup) throws IOException {
    BlockDevice file = new FileDevice(DeviceFile.open(setup.cache(), false));
    return setup.cacheBytesPerS() == 0 ? file : new ThrottledDevice(file, setup.cacheBytesPerS());
  }

  /**
   * Makes the cache file one that has never been used, but keeps it written: what an earlier volume
   * has left in the log does not belong to the next one.
   */
  static void forget(BlockDevice cache, String name) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment zeroes = arena.allocate(Geometry.SUPERBLOCK_REGION, Geometry.BLOCK);
      new Blocking(cache, name).write(0, zeroes);
    }
  }

  private static void answerUntilEnd(Volume volume, long cacheBytes) throws IOException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    int linesPerSegment = new Geometry(VolumeOptions.DEFAULT_ORDER, cacheBytes).linesPerSegment();
    while (lines.readLine() != null) {
      Snapshot now = volume.snapshot();
      System.out.println(
          new LogState(now.newestId(), now.writtenBackId(), now.segments(), linesPerSegment));
    }
  }
}
