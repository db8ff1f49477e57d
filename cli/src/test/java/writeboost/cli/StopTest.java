package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import writeboost.nbd.ExternalTool;

/** How a server ends, and what is there when it starts again. */
@Timeout(120)
final class StopTest {

  private static final Duration LIMIT = Serving.LIMIT;

  @TempDir private Path temporary;
  private Path folder;

  @BeforeEach
  void makeFolder() throws Exception {
    folder = Files.createDirectory(temporary.resolve("run"));
  }

  @Test
  void signalsSaveWhatNoFlushHasCovered() throws Exception {
    for (String signal : List.of("TERM", "INT")) {
      String data = "b'%s' * 12288".formatted(signal);
      try (CommandRun server = Serving.start(folder)) {
        String uri = server.awaitReady().getFirst();
        Serving.client(uri, "h.pwrite(%s, 512)".formatted(data));
        server.signal(signal);
        int exitCode = server.exitCode();
        assertThat(exitCode).as(server::errors).isZero();
      }
      assertThat(folder.resolve("s")).doesNotExist();
      try (CommandRun server = Serving.start(folder)) {
        String uri = server.awaitReady().getFirst();
        Serving.client(uri, "assert h.pread(len(%s), 512) == %s".formatted(data, data));
        Serving.stop(server);
      }
    }
  }

  @Test
  void whatWasFlushedSurvivesAKill() throws Exception {
    for (int i = 1; i <= 2; i++) {
      try (CommandRun server = Serving.start(folder)) {
        String uri = server.awaitReady().getFirst();
        Serving.client(uri, "h.pwrite(b'%d' * 65536, %d << 20)".formatted(i, i), "h.flush()");
      } // killed
    }
    try (CommandRun server = Serving.start(folder)) {
      String uri = server.awaitReady().getFirst();
      Serving.client(
          uri,
          "assert h.pread(65536, 1 << 20) == b'1' * 65536",
          "assert h.pread(65536, 2 << 20) == b'2' * 65536");
      Serving.stop(server);
    }
  }

  @Test
  void backingDeviceThatHangsDelaysNoStop() throws Exception {
    try (Frozen frozen = Frozen.start(folder.resolve("frozen"))) {
      List<String> arguments =
          List.of(
              "serve",
              frozen.file().toString(),
              "cache",
              "7",
              "--cache-size",
              "4M",
              "--listen",
              "nbd+unix:///?socket=s");
      try (CommandRun server = new CommandRun(folder, arguments.toArray(String[]::new))) {
        String uri = server.awaitReady().getFirst();
        Serving.client(uri, "h.pwrite(b'x' * 65536, 0)");
        frozen.freeze();
        try {
          Serving.client(uri, "h.pwrite(b'y' * 1048576, 1 << 20)", "h.flush()");
          Serving.client(uri, "h.pwrite(b'z' * 1048576, 2 << 20)");
          server.signal("TERM");
          server.awaitExit();
        } finally {
          frozen.thaw(); // the kernel keeps the process while a thread of it is in a write
        }
        int exitCode = server.exitCode();
        assertThat(exitCode).as(server::errors).isZero();
      }
      try (CommandRun server = new CommandRun(folder, arguments.toArray(String[]::new))) {
        String uri = server.awaitReady().getFirst();
        Serving.client(
            uri,
            "assert h.pread(65536, 0) == b'x' * 65536",
            "assert h.pread(1048576, 1 << 20) == b'y' * 1048576",
            "assert h.pread(1048576, 2 << 20) == b'z' * 1048576");
        Serving.stop(server);
      }
    }
  }

  /** A file that stops answering when it is told to: nbdfuse over an nbdkit. */
  private static final class Frozen implements AutoCloseable {

    private final Path folder;
    private final Process process;

    private Frozen(Path folder, Process process) {
      this.folder = folder;
      this.process = process;
    }

    static Frozen start(Path folder) throws Exception {
      boolean root = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
      ExternalTool.require(root && Files.isWritable(Path.of("/dev/fuse")), "FUSE");
      ExternalTool.find("nbdkit");
      ExternalTool nbdfuse = ExternalTool.find("nbdfuse");
      Files.createDirectory(folder);
      Path log = Files.createTempFile("nbdfuse", ".txt");
      // nbdfuse runs nbdkit; the FUSE mount stays responsible for the file while that is frozen.
      Process process =
          nbdfuse.start(
              log, folder + "/disk", "[", "nbdkit", "--exit-with-parent", "memory", "16M", "]");
      Frozen frozen = new Frozen(folder, process);
      long endNs = System.nanoTime() + LIMIT.toNanos();
      while (!Files.exists(frozen.file())) {
        boolean goesOn = !process.waitFor(10, TimeUnit.MILLISECONDS);
        if (!goesOn || System.nanoTime() > endNs) {
          frozen.close();
          throw new AssertionError("nbdfuse: " + Files.readString(log));
        }
      }
      Files.delete(log);
      return frozen;
    }

    Path file() {
      return folder.resolve("disk");
    }

    void freeze() throws Exception {
      signal("STOP");
    }

    void thaw() throws Exception {
      signal("CONT");
    }

    private void signal(String name) throws Exception {
      long nbdkit = process.children().findFirst().orElseThrow().pid();
      ExternalTool.find("sh").run(LIMIT, "-c", "kill -" + name + " " + nbdkit).expectSuccess();
    }

    @Override
    public void close() throws IOException {
      try {
        if (process.isAlive()) {
          ExternalTool.find("umount").run(LIMIT, "--lazy", folder.toString());
        }
        if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
  }
}
