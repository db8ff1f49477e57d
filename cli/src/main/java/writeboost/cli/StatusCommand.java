package writeboost.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;
import writeboost.cli.control.ControlRequest;
import writeboost.cli.json.Json;
import writeboost.cli.json.JsonObject;

/** {@code writeboost status}: how a running server is. Runs on the main thread. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description =
        "Prints how a running server is: the status line of dm-writeboost (2013), everything as"
            + " JSON, or a screen that is renewed each second.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost status",
      "    0 1023 0 0 1 127 0 0 ... (docs/OPERATION.md explains each number)",
      "  writeboost status home --watch",
      "  writeboost status home --json | jq .health",
      "",
      "--watch where there is no terminal prints a line each second.",
      "Exit codes: 0 ok, 1 failure, 2 usage."
    })
final class StatusCommand implements Callable<Integer> {

  private static final int STDOUT = 1;

  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls call
  @Spec
  private CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(names = "--watch", description = "Go on, until Ctrl-C.")
  private boolean watch;

  @Mixin private final RunningServer.Named which = new RunningServer.Named();

  @Override
  public Integer call() throws CommandFailure {
    PrintWriter out = spec.commandLine().getOut();
    try (RunningServer server = which.connect()) {
      if (!watch) {
        print(out, ask(server));
        return 0;
      }
      watch(server, out);
      return 0;
    }
  }

  private static JsonObject ask(RunningServer server) throws CommandFailure {
    return server.ask(ControlRequest.of("status"));
  }

  private void watch(RunningServer server, PrintWriter out) throws CommandFailure {
    CountDownLatch interrupted = new CountDownLatch(1);
    Signals.handle(interrupted::countDown);
    boolean screen = !json && LiveLine.isTerminal(STDOUT);
    StatusScreen picture = new StatusScreen();
    do {
      JsonObject answer = ask(server);
      if (screen) {
        out.print(picture.of(answer.object("status"), System.nanoTime()));
        out.flush();
      } else {
        print(out, answer);
      }
    } while (!out.checkError() && !isOver(interrupted));
  }

  private static boolean isOver(CountDownLatch interrupted) {
    try {
      return interrupted.await(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private void print(PrintWriter out, JsonObject answer) {
    if (json) {
      try (JsonGenerator generator = Json.generator(out)) {
        answer.object("status").write(generator);
      }
      out.println();
    } else {
      out.println(answer.text("line"));
    }
    out.flush();
  }
}
