package writeboost.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import writeboost.inspect.CacheContents;
import writeboost.inspect.LogRange;
import writeboost.inspect.SegmentContents;
import writeboost.layout.Geometry;

/**
 * {@code writeboost dump}: shows what lies on a cache that no server runs on. Runs on the main
 * thread.
 */
@Command(
    name = "dump",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description =
        "Shows superblock, record and segment headers of CACHE. Of the segments, those newer than"
            + " the record, unless told otherwise. Writes nothing, verifies no data (see check).",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost dump cache.img",
      "  writeboost dump cache.img --segment 12 --lines",
      "  writeboost dump /dev/nvme0n1p4 --all --json",
      "",
      "In a line's sectors, bit k is sector k of its 4 KiB: f is the first four.",
      "Exit codes: 0 ok, 1 failure, 2 usage."
    })
final class DumpCommand implements Callable<Integer> {

  /** How what is there is shown. */
  interface Output {
    void begin(Path path, CacheContents cache);

    void segment(SegmentContents segment, boolean lines);

    void end();
  }

  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls call
  @Spec
  private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "CACHE",
      description = "The cache device: a file or a block device that no server uses.")
  private Path path = Path.of("");

  @Option(names = "--all", description = "Every slot that holds anything, in their order.")
  private boolean all;

  @Option(
      names = "--segment",
      paramLabel = "ID",
      description = "The slot where this segment lives; may be repeated.")
  private List<Long> segments = new ArrayList<>();

  @Option(names = "--lines", description = "The lines of each segment, too.")
  private boolean lines;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws CommandFailure, IOException {
    requireSelection();
    PrintWriter out = spec.commandLine().getOut();
    try (InspectedCache inspected = new InspectedCache(path)) {
      CacheContents cache = inspected.contents();
      Output output = json ? new DumpJson(out) : new DumpText(out);
      output.begin(path, cache);
      show(cache, output, out);
      output.end();
      requireWritten(out);
    }
    return 0;
  }

  private void requireSelection() throws CommandFailure {
    if (all && !segments.isEmpty()) {
      throw CommandFailure.usage("--all and --segment cannot go together; leave one out");
    }
    for (long id : segments) {
      if (id < 1 || id > Geometry.MAXIMUM_ID) {
        throw CommandFailure.usage("--segment %d: segments count from 1".formatted(id));
      }
    }
  }

  private void show(CacheContents cache, Output output, PrintWriter out) throws CommandFailure {
    SegmentContents segment = cache.segment();
    Geometry geometry = cache.geometry();
    if (all) {
      for (int slot = 0; slot < geometry.segmentCount(); slot++) {
        segment.readHeader(slot);
        if (segment.kind() != SegmentContents.Kind.EMPTY) {
          output.segment(segment, lines);
          requireWritten(out);
        }
      }
    } else if (segments.isEmpty()) {
      LogRange range = LogRange.find(cache, segment, (done, atMost) -> {});
      for (long id = range.first(); id <= range.last(); id++) {
        segment.readHeader(geometry.slot(id));
        output.segment(segment, lines);
        requireWritten(out);
      }
    } else {
      for (long id : segments) {
        segment.readHeader(geometry.slot(id));
        output.segment(segment, lines);
      }
    }
  }

  private static void requireWritten(PrintWriter out) throws CommandFailure {
    if (out.checkError()) {
      throw CommandFailure.failure("standard output cannot be written to");
    }
  }
}
