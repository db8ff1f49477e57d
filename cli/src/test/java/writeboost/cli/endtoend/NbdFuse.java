package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import writeboost.nbd.ExternalTool;

/**
 * An NBD export as a file, by nbdfuse. Whatever becomes of the server, {@link #close} takes it down
 * within a limited time: without its process, a FUSE mount answers every request with an error.
 */
final class NbdFuse {

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int POLL_MS = 10;
  private static final long POLLS = LIMIT.toMillis() / POLL_MS;

  private final Path folder;
  private final Process process;

  /**
   * @param folder does not exist yet
   */
  NbdFuse(Path folder, String uri) throws Exception {
    assumeThere();
    ExternalTool nbdfuse = ExternalTool.find("nbdfuse");
    this.folder = Files.createDirectory(folder);
    Path log = folder.resolveSibling(folder.getFileName() + ".log");
    process = nbdfuse.start(log, file().toString(), uri);
    try {
      for (int i = 0; i < POLLS && !isMounted(); i++) {
        boolean ended = process.waitFor(POLL_MS, TimeUnit.MILLISECONDS);
        assertThat(ended).as(() -> "nbdfuse ended, see " + log).isFalse();
      }
      assertThat(isMounted()).as("mounted by nbdfuse").isTrue();
    } catch (Exception | AssertionError e) {
      close();
      throw e;
    }
  }

  /** Skips or fails the test where nobody can mount. */
  static void assumeThere() throws IOException {
    boolean root = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    ExternalTool.require(root, "root");
    ExternalTool.require(Files.isWritable(Path.of("/dev/fuse")), "/dev/fuse");
    ExternalTool.find("nbdfuse");
  }

  Path file() {
    return folder.resolve("disk");
  }

  private boolean isMounted() throws IOException {
    return Files.readString(Path.of("/proc/self/mounts")).contains(" " + folder + " ");
  }

  void close() throws Exception {
    ExternalTool umount = ExternalTool.find("umount");
    if (isMounted() && umount.run(LIMIT, folder.toString()).exitCode() != 0) {
      process.destroyForcibly();
      umount.run(LIMIT, "--lazy", folder.toString()).expectSuccess();
    }
    if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("nbdfuse, process " + process.pid() + ", does not end");
    }
  }
}
