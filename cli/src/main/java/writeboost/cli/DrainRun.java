package writeboost.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import writeboost.cli.control.ControlRequest;
import writeboost.cli.json.JsonObject;

/**
 * A request that drains a running server, watched to its end; Ctrl-C cancels the drain. Runs on the
 * main thread.
 */
final class DrainRun {

  private final Path path;
  private final ControlRequest request;
  private final LiveLine line = new LiveLine();
  private final long startNs = System.nanoTime();
  private boolean begun;
  private boolean toldEndless;
  private String trouble = "";
  private long doneBytes;

  DrainRun(Path path, ControlRequest request) {
    this.path = path;
    this.request = request;
  }

  /** The exit code. */
  int run() throws CommandFailure {
    run(this::show);
    return 0;
  }

  /**
   * Until the end.
   *
   * @param watcher given each report
   */
  void run(Consumer<JsonObject> watcher) throws CommandFailure {
    try (RunningServer server = RunningServer.connect(path)) {
      Signals.handle(this::cancel);
      server.ask(request, watcher);
      server.awaitEndOf(request);
      end(server.name());
    } finally {
      line.clear();
    }
  }

  /** On a thread of the JVM's; the request that waits is told how it ended. */
  private void cancel() {
    try (RunningServer server = RunningServer.connect(path)) {
      server.ask(ControlRequest.of("drain", Map.of("cancel", true)));
    } catch (CommandFailure e) {
      Messages.print(e.line());
      Runtime.getRuntime().halt(e.exitCode());
    }
  }

  /** For people. */
  void show(JsonObject progress) {
    long total = progress.number("total_bytes");
    doneBytes = progress.number("done_bytes");
    if (!begun && !line.isTerminal()) {
      Messages.print(Size.format(total - doneBytes) + " to be written back");
    }
    begun = true;
    tellWhatIsNew(progress);
    line.show(
        "%d %%, %s of %s, %s%s"
            .formatted(
                total == 0 ? 100 : doneBytes * 100 / total,
                Size.format(doneBytes),
                Size.format(total),
                rate(progress, "bytes_per_second"),
                outlook(progress)));
  }

  private static String outlook(JsonObject progress) {
    if (progress.isTrue("suspended")) {
      return ", waiting for 'resume'";
    }
    if (!progress.text("trouble").isEmpty()) {
      return ", waiting for a device";
    }
    if (!progress.isTrue("ends")) {
      return ", but clients write " + rate(progress, "logged_bytes_per_second");
    }
    return progress.has("seconds_left")
        ? ", %d s left".formatted(progress.number("seconds_left"))
        : "";
  }

  private void tellWhatIsNew(JsonObject progress) {
    String now = progress.text("trouble");
    boolean endless = !progress.isTrue("ends");
    if (endless && !toldEndless || now.isEmpty() != trouble.isEmpty()) {
      line.clear();
    }
    if (now.isEmpty() != trouble.isEmpty()) {
      Messages.print(
          now.isEmpty()
              ? "write-back goes on"
              : "it does not get on (%s), and is tried again".formatted(now));
    }
    trouble = now;
    if (endless && !toldEndless) {
      Messages.print(
          ("cannot end like this: clients write %s, and %s go to the backing device; it ends once"
                  + " they write less than that")
              .formatted(
                  rate(progress, "logged_bytes_per_second"), rate(progress, "bytes_per_second")));
    }
    toldEndless = endless;
  }

  private static String rate(JsonObject progress, String name) {
    return Size.format(progress.number(name)) + "/s";
  }

  private void end(String name) {
    line.clear();
    if (begun) {
      Messages.print(
          String.format(
              Locale.ROOT,
              "%s: all is written back, after %.1f s",
              name,
              (System.nanoTime() - startNs) / 1e9));
    }
  }
}
