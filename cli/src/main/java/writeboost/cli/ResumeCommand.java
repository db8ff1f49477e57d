package writeboost.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import writeboost.cli.control.ControlRequest;

/** {@code writeboost resume}: a suspended server goes on. Runs on the main thread. */
@Command(
    name = "resume",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description = "Lets a suspended server go on, with the requests that have waited first.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost resume",
      "  writeboost resume home",
      "",
      "Exit codes: 0 it goes on, 1 failure (it was not suspended), 2 usage."
    })
final class ResumeCommand implements Callable<Integer> {

  @Mixin private final RunningServer.Named which = new RunningServer.Named();

  @Override
  public Integer call() throws CommandFailure {
    try (RunningServer server = which.connect()) {
      server.ask(ControlRequest.of("resume"));
      return 0;
    }
  }
}
