package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import writeboost.nbd.ExternalTool;

/** A file of zeroes that stops answering on demand: it is in an nbdkit that is stopped. */
final class FreezingDisk {

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Process nbdkit;
  private final NbdFuse fuse;

  /**
   * @param size as nbdkit takes it
   */
  FreezingDisk(Workspace workspace, String size) throws Exception {
    NbdFuse.assumeThere();
    Path socket = workspace.socket("nbdkit.sock");
    nbdkit =
        ExternalTool.find("nbdkit")
            .start(
                workspace.file("nbdkit.log"),
                "--foreground",
                "--unix=" + socket,
                "memory",
                "size=" + size);
    workspace.atEnd(this::end);
    while (!Files.exists(socket)) {
      assertThat(nbdkit.waitFor(10, TimeUnit.MILLISECONDS)).as("nbdkit ended").isFalse();
    }
    fuse = new NbdFuse(workspace.file("fuse"), "nbd+unix:///?socket=" + socket);
    workspace.atEnd(fuse::close);
  }

  Path file() {
    return fuse.file();
  }

  void freeze() throws Exception {
    signal("STOP");
  }

  void thaw() throws Exception {
    signal("CONT");
  }

  private void signal(String signal) throws Exception {
    String kill = "kill -" + signal + " " + nbdkit.pid();
    ExternalTool.find("sh").run(LIMIT, "-c", kill).expectSuccess();
  }

  private void end() throws Exception {
    nbdkit.destroy();
    if (!nbdkit.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      nbdkit.destroyForcibly();
      throw new IOException("nbdkit, process " + nbdkit.pid() + ", had to be killed");
    }
  }
}
