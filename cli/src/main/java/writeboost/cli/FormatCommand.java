package writeboost.cli;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import writeboost.device.Blocking;
import writeboost.device.DeviceFile;
import writeboost.device.FileDevice;
import writeboost.layout.ChecksumLayout;
import writeboost.layout.FormatDecision;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.LapLayout;
import writeboost.layout.LapSuperblock;
import writeboost.layout.Layout;
import writeboost.layout.Superblock;
import writeboost.volume.VolumeOptions;

/**
 * {@code writeboost format}: an empty cache, which belongs to the backing device that it is first
 * served with. Runs on the main thread.
 */
@Command(
    name = "format",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description =
        "Puts an empty cache on CACHE. Not needed before 'serve', which formats an empty device by"
            + " itself.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost format /dev/nvme0n1p4",
      "  Over an old cache, or anything else; what CACHE holds is lost:",
      "    writeboost format /dev/nvme0n1p4 --force",
      "",
      "Exit codes: 0 formatted, 1 failure, 2 usage."
    })
final class FormatCommand implements Callable<Integer> {

  private static final System.Logger LOG = System.getLogger("writeboost");

  @Parameters(
      index = "0",
      paramLabel = "CACHE",
      description = "The small fast device: a file or a block device.")
  private Path cache = Path.of("");

  @Option(
      names = "--order",
      paramLabel = "N",
      description =
          "Segments are 2^N sectors: 4 (8 KiB) to 10 (512 KiB), with --layout v1 to 11. Default:"
              + " 10.")
  private int order = VolumeOptions.DEFAULT_ORDER;

  @Option(
      names = "--layout",
      paramLabel = "v1|v2",
      description = "Default: v2. v1 is that of 2013, without checksums.")
  private String layout = "v2";

  @Option(
      names = "--force",
      description = "Format whatever CACHE holds. A cache that is not written back is lost.")
  private boolean force;

  @Override
  public Integer call() throws CommandFailure, IOException {
    Layout chosen = LayoutOption.named(layout, order, "--order");
    StopSignal stop = StopSignal.install();
    cache = cache.toAbsolutePath();
    if (DeviceFile.identity(cache) == null) {
      throw CommandFailure.failure(
          cache + ": no such file; check the path ('serve --cache-size' creates one)");
    }
    try (FileDevice device = new FileDevice(DeviceFile.open(cache, /* readOnly= */ false))) {
      Geometry geometry = geometry(device.size());
      Blocking blocking = new Blocking(device, cache.toString());
      if (!force) {
        requireEmpty(blocking);
      }
      format(blocking, chosen, geometry, stop);
    }
    return 0;
  }

  private Geometry geometry(long bytes) throws CommandFailure {
    try {
      return new Geometry(order, bytes);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.failure(cache + ": " + e.getMessage());
    }
  }

  private void requireEmpty(Blocking device) throws CommandFailure, IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment first = arena.allocate(Geometry.SUPERBLOCK_REGION, Geometry.BLOCK);
      MemorySegment last = arena.allocate(Geometry.SUPERBLOCK_REGION, Geometry.BLOCK);
      device.read(0, first);
      device.read(device.device().size() - Geometry.SUPERBLOCK_REGION, last);
      switch (FormatDecision.of(first, last, /* freshlyCreated= */ false)) {
        case FormatDecision.Format _ -> {}
        case FormatDecision.Resume _ -> throw refusal("holds a writeboost cache");
        case FormatDecision.ResumeLaps _ -> throw refusal("holds a writeboost cache of layout v1");
        case FormatDecision.Refuse refuse -> throw refusal(refuse.reason().getMessage());
      }
    }
  }

  private CommandFailure refusal(@Nullable String found) {
    return CommandFailure.failure(
        "%s: %s; with --force it is formatted, and what it holds is lost".formatted(cache, found));
  }

  private void format(Blocking device, Layout chosen, Geometry geometry, StopSignal stop)
      throws IOException {
    Progress bar = new Progress("formatting " + cache, geometry.logEnd(), stop);
    Formatter.Progress progress = (done, total) -> bar.at(done);
    Formatter.Clearing clearing = Formatter.Clearing.of(geometry);
    try {
      switch (chosen) {
        case LapLayout _ -> Formatter.format(device, new LapSuperblock(order), clearing, progress);
        case ChecksumLayout _ ->
            Formatter.format(
                device, Superblock.unpaired(geometry, UUID.randomUUID()), clearing, progress);
      }
    } finally {
      bar.end();
    }
    LOG.log(
        Level.INFO,
        "{0}: formatted, layout {1}, {2} segments of {3}",
        cache,
        layout,
        geometry.segmentCount(),
        Size.format(geometry.segmentBytes()));
  }
}
