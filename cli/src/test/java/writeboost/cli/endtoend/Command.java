package writeboost.cli.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import writeboost.nbd.ExternalTool;

/** A command that talks to a running server, in a process of its own. One thread. */
final class Command {

  private static final int LIMIT_S = 60;

  private final Process process;
  private final Path errors;
  private final BufferedReader output;

  private Command(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
    this.output = process.inputReader(UTF_8);
  }

  /** Starts it; at the test's end it is killed if it still runs. */
  static Command start(Workspace workspace, String... arguments) throws IOException {
    // A background job of a shell ignores SIGINT, and so would every program that it starts.
    List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT,HUP,TERM"));
    command.addAll(Server.java());
    command.addAll(List.of(arguments));
    Path errors = Files.createTempFile(workspace.file("").toAbsolutePath(), "errors", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectError(errors.toFile())
            .start();
    workspace.atEnd(process::destroyForcibly);
    return new Command(process, errors);
  }

  /** Runs it to a good end; what it prints. */
  static String run(Workspace workspace, String... arguments) throws Exception {
    Command command = start(workspace, arguments);
    StringBuilder text = new StringBuilder();
    for (String line = command.line(); line != null; line = command.line()) {
      text.append(line).append('\n');
    }
    int exitCode = command.awaitEnd();
    assertThat(exitCode).as(command::errors).isZero();
    return text.toString();
  }

  /** Waits for the next line on standard output; null at its end. */
  String line() throws Exception {
    return CompletableFuture.supplyAsync(
            () -> {
              try {
                return output.readLine();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            })
        .get(LIMIT_S, TimeUnit.SECONDS);
  }

  /** Waits until standard error holds {@code text}. */
  void awaitError(String text) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (!errors().contains(text)) {
      assertThat(System.nanoTime()).as(this::errors).isLessThan(deadline);
      assertThat(process.waitFor(10, TimeUnit.MILLISECONDS)).as(this::errors).isFalse();
    }
  }

  boolean isRunning() {
    return process.isAlive();
  }

  /** Ctrl-C. */
  void interrupt() throws Exception {
    ExternalTool.find("sh")
        .run(Duration.ofSeconds(LIMIT_S), "-c", "kill -INT " + process.pid())
        .expectSuccess();
  }

  /** Waits for its end; the exit code. */
  int awaitEnd() throws Exception {
    assertThat(process.waitFor(LIMIT_S, TimeUnit.SECONDS)).as(this::errors).isTrue();
    return process.exitValue();
  }

  String errors() {
    try {
      return Files.readString(errors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
