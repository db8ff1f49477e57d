package writeboost.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import writeboost.cli.control.ControlRequest;

/** {@code writeboost stop}: ends a running server. Runs on the main thread. */
@Command(
    name = "stop",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description =
        "Stops a running server as SIGTERM does: what is in RAM is saved to the cache device."
            + " Returns when the server has ended.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost stop",
      "  So that the backing device alone has everything:",
      "    writeboost stop home --drain",
      "",
      "With --drain, clients go on until everything is written back. Ctrl-C gives",
      "that up; the server goes on then.",
      "Exit codes: 0 stopped and all saved, with --drain written back; 1 it is not;",
      "2 usage."
    })
final class StopCommand implements Callable<Integer> {

  @Option(names = "--drain", description = "First write everything back.")
  private boolean drain;

  @Mixin private final RunningServer.Named which = new RunningServer.Named();

  @Override
  public Integer call() throws CommandFailure {
    if (drain) {
      return new DrainRun(which.path(), ControlRequest.of("stop", Map.of("drain", true))).run();
    }
    try (RunningServer server = which.connect()) {
      ControlRequest stop = ControlRequest.of("stop");
      server.ask(stop);
      server.awaitEndOf(stop);
      return 0;
    }
  }
}
