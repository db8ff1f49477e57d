package writeboost.bench.micro;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * One benchmark that JMH is to run.
 *
 * @param method its full name
 * @param lines of the index; 0 where it has none
 */
record MicroRun(String method, long lines) {

  private static final String ALLOCATED = "gc.alloc.rate.norm";
  private static final Pattern CLASS = Pattern.compile("(\\w+)Benchmark\\.(\\w+)$");

  /**
   * What came out.
   *
   * @param score ns for each operation
   * @param error of that: half of the range that has the mean with 99.9 %; NaN where too few
   *     iterations say nothing
   * @param allocated bytes for each operation
   */
  record Figures(double score, double error, double allocated, RunResult all) {}

  /** All that {@code options} ask for, by name. */
  static List<MicroRun> of(MicroOptions options) {
    SortedSet<String> methods = new TreeSet<>();
    for (BenchmarkListEntry entry :
        BenchmarkList.defaultList()
            .getAll(
                OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT),
                List.of())) {
      methods.add(entry.getUsername());
    }
    List<MicroRun> runs = new ArrayList<>();
    for (String method : methods) {
      if (!method.contains(IndexBenchmark.class.getSimpleName())) {
        runs.add(new MicroRun(method, 0));
      } else {
        options.lines().forEach(lines -> runs.add(new MicroRun(method, lines)));
      }
    }
    runs.removeIf(run -> !options.wants(run.name()));
    return runs;
  }

  /** As in "index.lookup". */
  String name() {
    var parts = CLASS.matcher(method);
    if (!parts.find()) {
      throw new IllegalStateException(method);
    }
    return parts.group(1).toLowerCase(Locale.ROOT) + "." + parts.group(2);
  }

  String title() {
    return lines == 0 ? name() : String.format(Locale.ROOT, "%s, %,d lines", name(), lines);
  }

  Figures measure(MicroOptions options) throws RunnerException {
    TimeValue time = TimeValue.milliseconds(options.millis());
    ChainedOptionsBuilder jmh =
        new OptionsBuilder()
            .include("^" + Pattern.quote(method) + "$")
            .warmupIterations(options.warmUps())
            .warmupTime(time)
            .measurementIterations(options.iterations())
            .measurementTime(time)
            .forks(options.forks())
            .addProfiler("gc")
            .shouldFailOnError(true)
            .verbosity(options.verbose() ? VerboseMode.NORMAL : VerboseMode.SILENT);
    if (lines != 0) {
      jmh.param("lines", Long.toString(lines));
    }
    RunResult result = new Runner(jmh.build()).runSingle();
    Result<?> primary = result.getPrimaryResult();
    Result<?> allocated = Objects.requireNonNull(result.getSecondaryResults().get(ALLOCATED));
    return new Figures(primary.getScore(), primary.getScoreError(), allocated.getScore(), result);
  }
}
