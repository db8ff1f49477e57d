package writeboost.device;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs a program of the system, with a time-out. */
record Command(int exit, String output) {
  private static final int TIMEOUT_S = 30;

  static Command run(String... command) throws IOException {
    Path output = Files.createTempFile("command", ".out");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .redirectOutput(output.toFile())
              .start();
      if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(String.join(" ", command) + " does not end");
      }
      String text = Files.readString(output, StandardCharsets.UTF_8).strip();
      return new Command(process.exitValue(), text);
    } catch (InterruptedException e) {
      throw new IOException(e);
    } finally {
      Files.delete(output);
    }
  }

  boolean ok() {
    return exit == 0;
  }

  /** Skips the test, visibly, unless it can change the system and {@code tools} are there. */
  static void assumeRootAnd(String... tools) throws IOException {
    assumeTrue(Posix.effectiveUser() == 0, "needs root");
    assumeTools(tools);
  }

  static void assumeTools(String... tools) throws IOException {
    for (String tool : tools) {
      boolean there = run("sh", "-c", "command -v " + tool).ok();
      if (!there && "1".equals(System.getenv("REQUIRE_CLIENTS"))) {
        throw new AssertionError(tool + " is missing");
      }
      assumeTrue(there, "needs " + tool);
    }
  }
}
