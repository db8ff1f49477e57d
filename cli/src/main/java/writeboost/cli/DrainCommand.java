package writeboost.cli;

import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;
import writeboost.cli.control.ControlRequest;
import writeboost.cli.json.Json;
import writeboost.cli.json.JsonObject;

/** {@code writeboost drain}: everything goes to the backing device. Runs on the main thread. */
@Command(
    name = "drain",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description =
        "Has a running server write everything back, and ends when the backing device has all of"
            + " it. Clients go on meanwhile; if they write faster than the backing device takes it,"
            + " it says so, and goes on trying.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost drain",
      "  writeboost drain home --json",
      "  Ends one that somebody else waits for:",
      "    writeboost drain home --cancel",
      "",
      "Ctrl-C cancels the drain, too; what is written back stays written back.",
      "Exit codes: 0 the backing device has everything, 1 it has not, 2 usage."
    })
final class DrainCommand implements Callable<Integer> {

  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls call
  @Spec
  private CommandSpec spec;

  @Option(names = "--cancel", description = "End the drain that is running.")
  private boolean cancel;

  @Option(names = "--json", description = "Print a JSON object for each report, and at the end.")
  private boolean json;

  @Mixin private final RunningServer.Named which = new RunningServer.Named();

  @Override
  public Integer call() throws CommandFailure {
    if (cancel) {
      try (RunningServer server = which.connect()) {
        server.ask(ControlRequest.of("drain", Map.of("cancel", true)));
        return 0;
      }
    }
    DrainRun run = new DrainRun(which.path(), ControlRequest.of("drain"));
    if (!json) {
      return run.run();
    }
    PrintWriter out = spec.commandLine().getOut();
    run.run(progress -> print(out, progress));
    out.println("{\"drained\":true}");
    out.flush();
    return 0;
  }

  private static void print(PrintWriter out, JsonObject progress) {
    try (JsonGenerator generator = Json.generator(out)) {
      progress.write(generator);
    }
    out.println();
    out.flush();
  }
}
