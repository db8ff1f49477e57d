package writeboost.bench;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code bench/compare}. Runs on the main thread. */
@Command(
    name = "bench/compare",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures writeboost side by side with other servers and devices; docs/BENCHMARKS.md says"
            + " what and how.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  Everything, as in docs/BENCHMARKS.md; takes half an hour and 24 GiB:",
      "    bench/compare --json figures.json",
      "  A first look at two of them; takes a minute and 3 GiB:",
      "    bench/compare T1 T10 --quick",
      "  What there is:",
      "    bench/compare --list",
      "",
      "A target that is missed is no error. Exit codes: 0 everything was measured,",
      "1 something could not be, 2 usage."
    })
final class Compare implements Callable<Integer> {

  private static final Path FOLDER = Path.of("/var/tmp");

  /** As a shell says it of what SIGINT has ended. */
  private static final int BROKEN_OFF = 130;

  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls call
  @Spec
  private CommandSpec spec;

  @Parameters(arity = "0..*", paramLabel = "TARGET", description = "These only; default: all.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--list", description = "Say what can be measured, and end.")
  private boolean list;

  @Option(
      names = "--quick",
      description = "3 short rounds, not 5, and small files: for a first look.")
  private boolean quick;

  @Option(
      names = "--sparse-cache",
      description = "Do not write the cache files beforehand. Not for figures to keep.")
  private boolean sparse;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where the files go, removed at the end. Default: /var/tmp.")
  private Path folder = FOLDER;

  @Option(names = "--json", paramLabel = "FILE", description = "Write every figure to FILE, too.")
  private @Nullable Path json;

  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Compare())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(
            (exception, arguments) ->
                told(exception.getCommandLine(), exception, "; see --help", 2))
        .setExecutionExceptionHandler(
            (exception, command, parsed) -> told(command, exception, "", 1));
  }

  private static int told(CommandLine command, Exception e, String hint, int exitCode) {
    command.getErr().println("bench/compare: " + e.getMessage() + hint);
    return exitCode;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<Target> chosen = chosen();
    if (list) {
      System.out.print(Report.list(chosen));
      return 0;
    }
    if (!Files.isDirectory(folder)) {
      throw new IOException(folder + " is not a folder; give one with --dir");
    }
    if (json != null) { // better told now than in half an hour; what is in it stays until then
      new FileOutputStream(json.toFile(), /* append= */ true).close();
    }
    Map<String, String> conditions = Conditions.now(quick, sparse, folder);
    System.out.print(Report.conditions(conditions));
    List<Result> results = new ArrayList<>();
    List<Target> failed = new ArrayList<>();
    try (Workspace workspace = Workspace.in(folder)) {
      Bench bench = new Bench(workspace, quick, sparse);
      for (Target target : chosen) {
        Result result = measured(target, bench);
        if (workspace.isClosed()) {
          return BROKEN_OFF;
        }
        if (result == null) {
          failed.add(target);
        } else {
          results.add(result);
        }
      }
    }
    if (chosen.size() > 1) {
      System.out.print(Report.summary(results, failed));
    }
    String loadAfter = Conditions.load();
    conditions.put("load after", loadAfter);
    System.out.printf("%nload after   %s%n", loadAfter);
    if (json != null) {
      Files.writeString(json, Json.of(conditions, results));
    }
    return failed.isEmpty() ? 0 : 1;
  }

  private List<Target> chosen() {
    for (String name : names) {
      if (Targets.ALL.stream().noneMatch(target -> target.name().equals(name))) {
        throw new ParameterException(spec.commandLine(), "no target is called " + name);
      }
    }
    return Targets.ALL.stream()
        .filter(target -> names.isEmpty() || names.contains(target.name()))
        .toList();
  }

  /** Null if it could not be measured; the others are, all the same. */
  private static @Nullable Result measured(Target target, Bench bench) throws InterruptedException {
    try {
      Programs.require(target.programs());
      Result result = target.measure(bench);
      System.out.print(Report.of(result));
      return result;
    } catch (IOException e) {
      if (!bench.workspace().isClosed()) { // by Ctrl-C, which needs no words
        System.err.println("bench/compare: " + target.name() + ": " + e.getMessage());
      }
      return null;
    } finally {
      bench.workspace().endProcesses();
    }
  }
}
