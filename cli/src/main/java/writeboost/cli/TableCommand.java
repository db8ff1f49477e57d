package writeboost.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import writeboost.cli.control.ControlRequest;

/** {@code writeboost table}: what a running server serves. Runs on the main thread. */
@Command(
    name = "table",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description = "Prints what a running server was started with, as 'serve' takes it.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost table",
      "    /dev/sdb /dev/nvme0n1p4 10 --name home",
      "  writeboost table home",
      "",
      "Exit codes: 0 ok, 1 failure, 2 usage."
    })
final class TableCommand implements Callable<Integer> {

  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls call
  @Spec
  private CommandSpec spec;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "NAME",
      description = "Which server; may be left out if only one runs.")
  private @Nullable String name;

  @Mixin private final RunningServer.Choice choice = new RunningServer.Choice();

  @Override
  public Integer call() throws CommandFailure {
    PrintWriter out = spec.commandLine().getOut();
    try (RunningServer server = choice.connect(name)) {
      out.println(server.ask(ControlRequest.of("table")).text("line"));
      out.flush();
      return 0;
    }
  }
}
