package writeboost.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

  @Mixin private final RunningServer.Named which = new RunningServer.Named();

  @Override
  public Integer call() throws CommandFailure {
    PrintWriter out = spec.commandLine().getOut();
    try (RunningServer server = which.connect()) {
      out.println(server.ask(ControlRequest.of("table")).text("line"));
      out.flush();
      return 0;
    }
  }
}
