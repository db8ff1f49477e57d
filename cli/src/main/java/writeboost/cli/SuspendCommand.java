package writeboost.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import writeboost.cli.control.ControlRequest;

/**
 * {@code writeboost suspend}: a running server leaves both devices as they are. Runs on the main
 * thread.
 */
@Command(
    name = "suspend",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description =
        "Makes everything that a running server has accepted durable on the cache device, and then"
            + " leaves both devices as they are: clients' requests wait until 'resume'. For"
            + " snapshots of both devices.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost suspend",
      "  writeboost suspend home && make-snapshots; writeboost resume home",
      "",
      "If it is interrupted the server is suspended nevertheless.",
      "Exit codes: 0 suspended, 1 failure, 2 usage."
    })
final class SuspendCommand implements Callable<Integer> {

  @Mixin private final RunningServer.Named which = new RunningServer.Named();

  @Override
  public Integer call() throws CommandFailure {
    try (RunningServer server = which.connect()) {
      server.ask(ControlRequest.of("suspend"));
      return 0;
    }
  }
}
