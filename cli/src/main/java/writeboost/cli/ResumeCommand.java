package writeboost.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
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

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "NAME",
      description = "Which server; may be left out if only one runs.")
  private @Nullable String name;

  @Mixin private final RunningServer.Choice choice = new RunningServer.Choice();

  @Override
  public Integer call() throws CommandFailure {
    try (RunningServer server = choice.connect(name)) {
      server.ask(ControlRequest.of("resume"));
      return 0;
    }
  }
}
