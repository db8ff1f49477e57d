package writeboost.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The command in a process of its own, which is killed at the latest when this is closed. */
final class CommandRun implements AutoCloseable {

  private static final int LIMIT_S = 60;

  private final Process process;
  private final Path errors;

  /**
   * @param folder where it runs; its standard error goes to a file beside that
   * @param environment if there is any, a server's sockets may be in their usual place
   */
  CommandRun(Path folder, Map<String, String> environment, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    // A background job of a shell ignores SIGINT, and so would every program that it starts.
    command.addAll(List.of("env", "--default-signal=INT,HUP,TERM"));
    command.addAll(JavaCommand.with());
    command.addAll(List.of(arguments));
    errors = Files.createTempFile(folder.getParent(), "errors", ".txt");
    if (environment.isEmpty()) {
      command.addAll(socketsBeside(errors, List.of(arguments)));
    }
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectError(errors.toFile());
    builder.environment().putAll(environment);
    process = builder.start();
  }

  CommandRun(Path folder, String... arguments) throws IOException {
    this(folder, Map.of(), arguments);
  }

  /**
   * The sockets of a server whose test says neither where they are nor what it is called: not in
   * their usual place, since tests run at the same time, and beside servers in earnest.
   */
  private static List<String> socketsBeside(Path file, List<String> arguments) {
    List<String> sockets = new ArrayList<>();
    if (arguments.contains("serve") && !arguments.contains("--name")) {
      if (!arguments.contains("--control")) {
        sockets.addAll(List.of("--control", file + ".ctl"));
      }
      if (!arguments.contains("--listen")) {
        sockets.addAll(List.of("--listen", "nbd+unix:///?socket=" + file + ".sock"));
      }
    }
    return sockets;
  }

  /** Waits for the first line on standard output. */
  String firstLine() throws Exception {
    return CompletableFuture.supplyAsync(
            () -> {
              try {
                return String.valueOf(process.inputReader(UTF_8).readLine());
              } catch (IOException e) {
                return e.toString();
              }
            })
        .get(LIMIT_S, TimeUnit.SECONDS);
  }

  /** Waits for the server; the URIs that it says. */
  List<String> awaitReady() throws Exception {
    String line = firstLine();
    assertThat(line).as(this::errors).startsWith("ready ");
    return List.of(line.substring("ready ".length()).split(" "));
  }

  /** Waits until standard error holds {@code text}. */
  void awaitError(String text) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (!errors().contains(text)) {
      assertThat(System.nanoTime()).as(this::errors).isLessThan(deadline);
      assertThat(process.waitFor(10, TimeUnit.MILLISECONDS)).as(this::errors).isFalse();
    }
  }

  /** Sends a signal, as kill does. */
  void signal(String name) throws Exception {
    Process kill =
        new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).inheritIO().start();
    assertThat(kill.waitFor(LIMIT_S, TimeUnit.SECONDS)).isTrue();
    assertThat(kill.exitValue()).isZero();
  }

  /** Waits for its end; the exit code. */
  int exitCode() throws InterruptedException {
    assertThat(process.waitFor(LIMIT_S, TimeUnit.SECONDS)).as(this::errors).isTrue();
    return process.exitValue();
  }

  /** Waits until it has called exit; a thread inside the kernel may keep it from ending. */
  void awaitExit() throws Exception {
    Path state = Path.of("/proc", String.valueOf(process.pid()), "stat");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (!process.waitFor(10, TimeUnit.MILLISECONDS)
        && !Files.readString(state).contains(") Z ")) {
      assertThat(System.nanoTime()).as(this::errors).isLessThan(deadline);
    }
  }

  /** What it has left on standard output. */
  String output() throws IOException {
    return new String(process.getInputStream().readAllBytes(), UTF_8);
  }

  /** What standard error holds by now. */
  String errors() {
    try {
      return Files.readString(errors);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().orTimeout(LIMIT_S, TimeUnit.SECONDS).join();
  }
}
