package writeboost.bench.micro;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.RunnerException;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;

/** The command {@code bench/micro}. Runs on the main thread. */
final class Micro {

  /** Beside the tables of an index: the JVM, and what everybody else needs meanwhile. */
  private static final long SPARE_BYTES = 512 << 20;

  private static final String ROW = "%-36s %12s %10s %10s%n";

  private Micro() {}

  public static void main(String[] args) {
    if (List.of(args).contains("--help")) {
      System.out.print(MicroOptions.USAGE);
      return;
    }
    try {
      run(MicroOptions.parse(args), System.out);
    } catch (MicroOptions.UsageException e) {
      System.err.println("bench/micro: " + e.getMessage() + "; see --help");
      System.exit(2);
    } catch (IOException | RunnerException e) {
      System.err.println("bench/micro: " + e.getMessage());
      System.exit(1);
    }
  }

  /** Prints a row for each benchmark as it comes to its end. */
  static void run(MicroOptions options, PrintStream out)
      throws MicroOptions.UsageException, IOException, RunnerException {
    List<MicroRun> runs = MicroRun.of(options);
    if (runs.isEmpty()) {
      throw new MicroOptions.UsageException(
          "no benchmark is called " + String.join(" or ", options.names()));
    }
    if (options.json() != null) { // better told now than in four minutes
      new FileOutputStream(options.json().toFile(), /* append= */ true).close();
    }
    out.printf("%s%n%n", conditions(options));
    out.printf(ROW, "", "ns/op", "+-", "B/op");
    List<RunResult> results = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      MicroRun run = runs.get(i);
      if (bytes(run.lines()) + SPARE_BYTES > availableBytes()) {
        out.printf("%-36s needs %d MiB of free memory%n", run.title(), bytes(run.lines()) >> 20);
        continue;
      }
      System.err.printf("bench/micro: %s (%d of %d)%n", run.title(), i + 1, runs.size());
      MicroRun.Figures figures = run.measure(options);
      out.printf(
          ROW,
          run.title(),
          number("%,.1f", figures.score()),
          number("%,.1f", figures.error()),
          number("%.1f", figures.allocated()));
      results.add(figures.all());
    }
    if (options.json() != null) {
      try (PrintStream json =
          new PrintStream(
              new FileOutputStream(options.json().toFile()), false, StandardCharsets.UTF_8)) {
        ResultFormatFactory.getInstance(ResultFormatType.JSON, json).writeOut(results);
      }
    }
  }

  private static String number(String format, double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
  }

  private static long bytes(long lines) {
    return lines == 0 ? 0 : LineTable.bytes(lines) + BlockIndex.bytes(lines);
  }

  private static String conditions(MicroOptions options) throws IOException {
    String load = Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0];
    return "%d CPUs, load %s, Java %s; %d iterations of %d ms after %d, %d forks"
        .formatted(
            Runtime.getRuntime().availableProcessors(),
            load,
            Runtime.version(),
            options.iterations(),
            options.millis(),
            options.warmUps(),
            options.forks());
  }

  private static long availableBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
      if (line.startsWith("MemAvailable:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    return Long.MAX_VALUE;
  }
}
