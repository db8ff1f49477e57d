package writeboost.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import writeboost.inspect.CacheContents;
import writeboost.inspect.Check;
import writeboost.inspect.Damage;
import writeboost.inspect.Damage.Place;
import writeboost.layout.Geometry;
import writeboost.layout.UnusableCacheException;

/** {@code writeboost check}: verifies a cache that no server runs on. Runs on the main thread. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description =
        "Verifies everything on CACHE that is not written back yet: superblock, record, segments,"
            + " every line. Writes nothing. Torn writes behind the end of the log are what a crash"
            + " leaves, and no damage.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost check cache.img",
      "    segment 12 line 3, backing offset 1060864, 4096 bytes: it does not fit",
      "    its CRC",
      "    damaged: 1 finding; segments 9 to 40 verified: 32, with 4064 lines",
      "  writeboost check /dev/nvme0n1p4 --json",
      "",
      "Prints one line for each damage, and a summary.",
      "Exit codes: 0 sound, 1 damage or failure, 2 usage."
    })
final class CheckCommand implements Callable<Integer> {

  /** How what is found is told. */
  interface Output {
    void damage(Damage damage);

    /** The end, without a result where nothing could be verified. */
    void end(@Nullable CacheContents cache, Check.@Nullable Result result);
  }

  private static final int SOUND = 0;

  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls call
  @Spec
  private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "CACHE",
      description = "The cache device: a file or a block device that no server uses.")
  private Path path = Path.of("");

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Override
  public Integer call() throws CommandFailure, IOException {
    PrintWriter out = spec.commandLine().getOut();
    Output output = json ? new CheckJson(out, path) : new CheckText(out);
    try (InspectedCache inspected = new InspectedCache(path)) {
      boolean sound = check(inspected, output);
      if (out.checkError()) {
        throw CommandFailure.failure("standard output cannot be written to");
      }
      return sound ? SOUND : CommandFailure.FAILURE;
    }
  }

  private static boolean check(InspectedCache inspected, Output output) throws IOException {
    CacheContents cache;
    try {
      cache = inspected.contents();
    } catch (UnusableCacheException e) {
      if (e.kind() != UnusableCacheException.Kind.DAMAGED) {
        throw e;
      }
      output.damage(Damage.of(Place.SUPERBLOCK, String.valueOf(e.getMessage())));
      output.end(null, null);
      return false;
    }
    Check.Result result = verify(inspected.path(), cache, output);
    output.end(cache, result);
    return result.sound();
  }

  private static Check.Result verify(Path path, CacheContents cache, Output output) {
    Reporter reporter = new Reporter(path, cache.geometry(), output);
    try {
      return Check.run(cache, reporter);
    } finally {
      reporter.end();
    }
  }

  /** Tells what is found, and on a terminal how far it has come. */
  private static final class Reporter implements Check.Listener {
    private final boolean terminal = LiveLine.isTerminal(2);
    private final Path path;
    private final Geometry geometry;
    private final Output output;
    private @Nullable Progress progress;
    private boolean verifying;

    Reporter(Path path, Geometry geometry, Output output) {
      this.path = path;
      this.geometry = geometry;
      this.output = output;
    }

    @Override
    public void damage(Damage damage) {
      if (progress != null) {
        progress.clear();
      }
      output.damage(damage);
    }

    @Override
    public void headers(long done, long atMost) {
      if (terminal && progress == null) {
        progress =
            new Progress(
                "looking for the log of " + path,
                geometry.segmentCount(),
                "%,d segments"::formatted,
                () -> {});
      }
      report(done);
    }

    @Override
    public void verified(long doneBytes, long totalBytes) {
      if (terminal && !verifying) {
        end();
        verifying = true;
        progress = new Progress("verifying " + path, totalBytes, Size::format, () -> {});
      }
      report(doneBytes);
    }

    private void report(long done) {
      if (progress != null) {
        progress.at(done);
      }
    }

    void end() {
      if (progress != null) {
        progress.clear();
      }
    }
  }
}
