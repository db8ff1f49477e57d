package writeboost.cli.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import writeboost.cli.JavaCommand;

/** {@code writeboost serve} in a process of its own, started as the launcher starts it. */
final class Server {

  private static final int LIMIT_S = 30;
  private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");

  private final Process process;
  private final Path socket;
  private final Path log;
  private final String uri;

  private Server(Process process, Path socket, Path log) throws Exception {
    this.process = process;
    this.socket = socket;
    this.log = log;
    this.uri = awaitReady();
  }

  /**
   * Starts it, and returns when it is ready; at the test's end it is killed if it still runs.
   *
   * @param arguments of {@code serve}, but for {@code --listen}
   */
  static Server start(Workspace workspace, String... arguments) throws Exception {
    Path socket = workspace.socket("nbd.sock");
    Path log = workspace.file("server.log");
    List<String> command = new ArrayList<>(java());
    command.add("serve");
    command.addAll(List.of(arguments));
    command.addAll(List.of("--listen", "nbd+unix:///?socket=" + socket));
    if (!List.of(arguments).contains("--control")) { // the usual place is for real servers
      command.addAll(List.of("--control", workspace.socket("unused.ctl").toString()));
    }
    Process process =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    workspace.atEnd(() -> end(process));
    return new Server(process, socket, log);
  }

  /** How the launcher starts the command. */
  static List<String> java() {
    return JavaCommand.with("-Xmx512m", "-XX:+ExitOnOutOfMemoryError");
  }

  private static void end(Process process) throws Exception {
    process.destroyForcibly();
    if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
      throw new IOException("the server, process " + process.pid() + ", cannot be killed");
    }
  }

  private String awaitReady() throws Exception {
    BufferedReader output = process.inputReader(UTF_8);
    CompletableFuture<String> line = CompletableFuture.supplyAsync(() -> readLine(output));
    try {
      String ready = line.get(LIMIT_S, TimeUnit.SECONDS);
      assertThat(ready).as(() -> "first line of output; log:\n" + log()).startsWith("ready ");
      return ready.substring("ready ".length()).strip();
    } catch (TimeoutException e) {
      throw new AssertionError("not ready in time; log:\n" + log(), e);
    }
  }

  private static String readLine(BufferedReader output) {
    try {
      return output.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As the server says it. */
  String uri() {
    return uri;
  }

  NbdClient connect() throws IOException {
    return new NbdClient(socket);
  }

  /** All that servers of this test have written to standard error. */
  String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  long residentBytes() throws IOException {
    String status = Files.readString(Path.of("/proc/" + process.pid() + "/status"));
    Matcher resident = RESIDENT.matcher(status);
    assertThat(resident.find()).isTrue();
    return Long.parseLong(resident.group(1)) << 10;
  }

  /** Asks it to end, as an administrator does: it ends well. */
  void stop() throws Exception {
    process.destroy();
    boolean ended = process.waitFor(LIMIT_S, TimeUnit.SECONDS);
    assertThat(ended).as(() -> "ended after SIGTERM; log:\n" + log()).isTrue();
    assertThat(process.exitValue()).as(() -> "exit code after SIGTERM; log:\n" + log()).isZero();
  }

  /** SIGTERM. */
  void signal() {
    process.destroy();
  }

  /** Waits until the log holds {@code text}. */
  void awaitLog(String text) throws Exception {
    awaitLog(text, 1);
  }

  /** Waits until the log holds {@code text} so many times. */
  void awaitLog(String text, int times) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (timesLogged(text) < times) {
      assertThat(System.nanoTime()).as(this::log).isLessThan(deadline);
      assertThat(process.waitFor(10, TimeUnit.MILLISECONDS)).as(this::log).isFalse();
    }
  }

  /** How many times the log holds {@code text}. */
  int timesLogged(String text) {
    return log().split(Pattern.quote(text), -1).length - 1;
  }

  /** Waits for its end; the exit code. */
  int awaitEnd() throws Exception {
    assertThat(process.waitFor(LIMIT_S, TimeUnit.SECONDS)).as(this::log).isTrue();
    return process.exitValue();
  }

  /** SIGKILL. */
  void kill() throws Exception {
    assertThat(process.isAlive()).as(() -> "ran until killed; log:\n" + log()).isTrue();
    end(process);
  }
}
