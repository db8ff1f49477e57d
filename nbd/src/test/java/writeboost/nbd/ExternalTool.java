package writeboost.nbd;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * A program that tests run if it is installed. If it is not, the test is skipped; with {@code
 * REQUIRE_CLIENTS=1} in the environment it fails. Every run has a time-out.
 */
public final class ExternalTool {

  /** What a program said. */
  public record Result(int exitCode, String output) {
    public Result expectSuccess() {
      if (exitCode != 0) {
        throw new AssertionError("exit code " + exitCode + ":\n" + output);
      }
      return this;
    }
  }

  private static final int KILL_LIMIT_S = 10;

  private final Path program;

  private ExternalTool(Path program) {
    this.program = program;
  }

  /** Looks in the PATH, and where programs for the administrator are. */
  public static ExternalTool find(String name) {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
    for (String folder : path.split(":")) {
      Path program = Path.of(folder, name);
      if (!folder.isEmpty() && Files.isExecutable(program)) {
        return new ExternalTool(program);
      }
    }
    require(false, name);
    throw new AssertionError("unreachable");
  }

  /** Skips or fails the test, as above, unless what it needs is there. */
  public static void require(boolean there, String what) {
    if (!there && "1".equals(System.getenv("REQUIRE_CLIENTS"))) {
      throw new AssertionError("needs " + what + ", and REQUIRE_CLIENTS=1");
    }
    Assumptions.assumeTrue(there, "needs " + what);
  }

  /** Starts it; both its outputs are appended to {@code log}. Who calls this ends it. */
  public Process start(Path log, String... arguments) throws IOException {
    return builder(ProcessBuilder.Redirect.appendTo(log.toFile()), arguments).start();
  }

  /** Starts it, to be talked to; both its outputs come as one. Who calls this ends it. */
  public Process startForInput(String... arguments) throws IOException {
    return builder(ProcessBuilder.Redirect.PIPE, arguments)
        .redirectInput(ProcessBuilder.Redirect.PIPE)
        .start();
  }

  /** Runs it to its end; standard output and standard error come back as one text. */
  public Result run(Duration timeout, String... arguments)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("output", ".txt");
    try {
      ProcessBuilder builder = builder(ProcessBuilder.Redirect.to(output.toFile()), arguments);
      Process process = builder.start();
      boolean ended = process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS);
      if (!ended) {
        // One that waits for a device cannot be killed.
        process.destroyForcibly().waitFor(KILL_LIMIT_S, TimeUnit.SECONDS);
      }
      String text = Files.readString(output, StandardCharsets.UTF_8);
      if (!ended) {
        throw new AssertionError(
            builder.command() + " did not end within " + timeout + ":\n" + text);
      }
      return new Result(process.exitValue(), text);
    } finally {
      Files.delete(output);
    }
  }

  private ProcessBuilder builder(ProcessBuilder.Redirect output, String... arguments) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(output);
    // A script is to find the interpreter that it was installed with.
    builder.environment().merge("PATH", "", (path, none) -> program.getParent() + ":" + path);
    return builder;
  }
}
