package writeboost.cli;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import writeboost.device.FileDevice;
import writeboost.device.Posix;
import writeboost.layout.Layout;
import writeboost.layout.UnusableCacheException;
import writeboost.volume.Snapshot;
import writeboost.volume.Start;
import writeboost.volume.Volume;
import writeboost.volume.VolumeOptions;

/**
 * {@code writeboost writeback}: everything that a cache holds goes to its backing device, without a
 * server. Runs on the main thread.
 */
@Command(
    name = "writeback",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description =
        "Writes back everything that CACHE holds, so that BACKING alone has all of it. Also for a"
            + " cache that the dm-writeboost kernel module (2.x) wrote: it stays the module's.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost writeback /dev/sdb /dev/nvme0n1p4",
      "  A cache whose log is damaged, as far as it goes:",
      "    writeboost writeback backing.img cache.img --salvage",
      "",
      "Can be stopped (Ctrl-C) and started again. No server may run on the devices.",
      "Exit codes: 0 BACKING has everything, with --salvage all that can be used;",
      "1 it has not; 2 usage."
    })
final class WritebackCommand implements Callable<Integer> {

  private static final System.Logger LOG = System.getLogger("writeboost");

  private static final long RAM_BUFFER_BYTES = 4L << 20;
  private static final long LOOK_EVERY_MS = 50;

  /** How long the same trouble may last. */
  private static final long GIVE_UP_NS = TimeUnit.SECONDS.toNanos(10);

  @Parameters(
      index = "0",
      paramLabel = "BACKING",
      description =
          "The device that the cache belongs to: a file, a block device, or an export of a"
              + " server:%nnbd://HOST:PORT/EXPORT%nnbd+unix:///EXPORT?socket=PATH%nwith TLS:"
              + " nbds, nbds+unix")
  private String backing = "";

  @Parameters(
      index = "1",
      paramLabel = "CACHE",
      description = "The cache device: a file or a block device.")
  private Path cache = Path.of("");

  @Option(
      names = Backing.NO_FLUSH_OPTION,
      description =
          "Take a BACKING over NBD that cannot flush: what its server has acknowledged counts as"
              + " written back.")
  private boolean backingNoFlush;

  @Option(
      names = "--salvage",
      description =
          "Where CACHE is damaged, use the part of its log before the damage; list what is not"
              + " used.")
  private boolean salvage;

  @Option(
      names = "--layout",
      paramLabel = "v1|v2",
      description =
          "Layout of the cache. Default: v2. A cache of layout v1 (2013) does not say whose it is,"
              + " and is written back only with --layout v1.")
  private String layoutName = "v2";

  @ArgGroup(exclusive = false, heading = "%nTLS to BACKING:%n")
  private final BackingTlsOptions backingTls = new BackingTlsOptions();

  @Override
  public Integer call() throws CommandFailure, IOException {
    Layout layout = LayoutOption.named(layoutName);
    StopSignal stop = StopSignal.install();
    Backing place = Backing.parse(backing, null, backingNoFlush, backingTls.load());
    if (place instanceof Backing.Local local) {
      existing(local.path());
    }
    backing = place.name();
    cache = existing(cache);
    int order = order(place, layout);
    Devices devices =
        Devices.open(
            place, new Devices.Wanted("cache", cache, null), layout, order, /* readOnly= */ false);
    return run(devices, layout, order, stop);
  }

  private int order(Backing place, Layout layout) throws CommandFailure, IOException {
    try {
      return CachePeek.order(cache, layout);
    } catch (UnusableCacheException e) {
      if (e.kind() == UnusableCacheException.Kind.FOREIGN
          && place instanceof Backing.Local local
          && isCache(local.path(), layout)) {
        throw Devices.swapped(local.path(), cache);
      }
      throw e;
    }
  }

  private static boolean isCache(Path path, Layout layout) {
    try {
      CachePeek.order(path, layout);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static Path existing(Path path) throws CommandFailure {
    if (!Files.exists(path)) {
      throw CommandFailure.failure(path.toAbsolutePath() + ": no such file; check the path");
    }
    return path.toAbsolutePath();
  }

  private int run(Devices devices, Layout layout, int order, StopSignal stop)
      throws CommandFailure, IOException {
    // The devices close with the process: one that hangs would hold on to whoever closes it.
    Volume volume = open(devices, layout, order, stop);
    for (String what : volume.recovery().notUsed()) {
      LOG.log(Level.WARNING, "{0}: not used: {1}", cache, what);
    }
    long bytes = volume.snapshot().dirtyLines() * Start.LINE_BYTES;
    String obstacle = drain(volume, bytes, stop);
    volume.stop();
    if (!obstacle.isEmpty()) {
      throw CommandFailure.failure(
          "%s; %s are not written back and stay in %s"
              .formatted(
                  obstacle, Size.format(volume.snapshot().dirtyLines() * Start.LINE_BYTES), cache));
    }
    LOG.log(
        Level.INFO,
        "{0}: has everything that was in {1}; {2} written back",
        backing,
        cache,
        Size.format(bytes));
    return 0;
  }

  private Volume open(Devices devices, Layout layout, int order, StopSignal stop)
      throws IOException {
    FileDevice cacheDevice = new FileDevice(devices.cache());
    Posix.restrictNewFiles(0077);
    Progress progress = new Progress("reading " + cache, cacheDevice.size(), stop);
    try {
      return Volume.open(
          devices.backingDevice(FileDevice.DEFAULT_IO),
          cacheDevice,
          new VolumeOptions(
                  order,
                  /* readOnly= */ false,
                  RAM_BUFFER_BYTES,
                  /* cacheFreshlyCreated= */ false,
                  /* backingFreshlyCreated= */ false,
                  cache.toString(),
                  backing)
              .withKernelCache(VolumeOptions.KernelCache.WRITE_BACK)
              .withSalvage(salvage)
              .withLayout(layout),
          (done, total) -> progress.at(done));
    } finally {
      progress.end();
    }
  }

  /** Until all is written back; otherwise, what came between. */
  private String drain(Volume volume, long bytes, StopSignal stop) {
    volume.drain();
    Progress progress = new Progress("writing back " + cache, bytes, Size::format, () -> {});
    Snapshot last = volume.snapshot();
    long movedNs = System.nanoTime();
    while (!last.sweptAll()) {
      // Lines count as clean only when their sweep has come to its end.
      long clean = bytes - last.dirtyLines() * Start.LINE_BYTES;
      progress.at(Math.clamp(last.linesWrittenBack() * Start.LINE_BYTES, clean, bytes));
      if (stop.await(LOOK_EVERY_MS)) {
        progress.end();
        return "stopped";
      }
      Snapshot now = volume.snapshot();
      String trouble = now.failure().isEmpty() ? now.backingTrouble() : now.failure();
      if (trouble.isEmpty() || now.writtenBackId() != last.writtenBackId()) {
        movedNs = System.nanoTime();
      }
      last = now;
      if (System.nanoTime() - movedNs > GIVE_UP_NS) {
        progress.end();
        return backing + ": " + trouble;
      }
    }
    progress.end();
    return last.isDrained()
        ? ""
        : Obstacles.of(last, cache, backing) + " ('writeboost check' lists damage)";
  }
}
