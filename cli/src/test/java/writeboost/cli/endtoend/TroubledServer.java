package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import writeboost.nbd.ExternalTool;

/**
 * An export of an nbdkit that gets into trouble on command. It keeps what it has not flushed in a
 * volatile image: a loss of power, and a flush that forgets, go back to the durable one. One
 * thread.
 */
final class TroubledServer {

  /** What is wrong with the server, as its script calls it. */
  enum Mode {
    OK,
    /** Writes are answered EIO. */
    EIO,
    /** Writes are answered ENOSPC. */
    ENOSPC,
    /** Flushes are answered EIO. */
    NOFLUSH,
    /** The same, and what was not flushed is gone. */
    FORGET
  }

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private static final String SCRIPT =
      """
      #!/bin/sh
      cd "%s" || exit 1
      mode=$(cat mode)
      fail() { echo "$1 as asked" >&2; exit 1; }
      case "$1" in
        thread_model) echo serialize_all_requests ;;
        get_size) stat -c %%s image ;;
        can_write|can_flush) exit 0 ;;
        pread) dd if=image iflag=skip_bytes,count_bytes skip=$4 count=$3 bs=1M status=none ;;
        pwrite)
          case $mode in EIO|ENOSPC) fail $mode ;; esac
          dd of=image iflag=fullblock oflag=seek_bytes seek=$4 conv=notrunc bs=1M status=none ;;
        flush)
          case $mode in
            NOFLUSH|EIO) fail EIO ;;
            FORGET) cp durable image; fail EIO ;;
            *) cp image durable ;;
          esac ;;
        *) exit 2 ;;
      esac
      """;

  private final Workspace workspace;
  private final Path folder;
  private final Path script;
  private final Path socket;
  private Process nbdkit;

  TroubledServer(Workspace workspace, int bytes) throws Exception {
    this.workspace = workspace;
    folder = workspace.folder("export");
    script = workspace.file("export.sh");
    socket = workspace.socket("export.sock");
    Files.writeString(script, SCRIPT.formatted(folder));
    assertThat(script.toFile().setExecutable(true)).isTrue();
    Files.write(folder.resolve("image"), new byte[bytes]);
    Files.write(folder.resolve("durable"), new byte[bytes]);
    become(Mode.OK);
    workspace.atEnd(this::end);
    nbdkit = start();
  }

  private Process start() throws Exception {
    Files.deleteIfExists(socket);
    Path log = workspace.file("export.log");
    Process started =
        ExternalTool.find("nbdkit")
            .start(log, "--foreground", "--unix=" + socket, "sh", script.toString());
    while (!Files.exists(socket)) {
      assertThat(started.waitFor(10, TimeUnit.MILLISECONDS)).as("nbdkit ended").isFalse();
    }
    return started;
  }

  String uri() {
    return "nbd+unix:///?socket=" + socket;
  }

  /** In one step: no request sees half of it. */
  void become(Mode mode) throws IOException {
    Path next = Files.writeString(folder.resolve("next"), mode.name());
    Files.move(next, folder.resolve("mode"), StandardCopyOption.ATOMIC_MOVE);
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

  /** SIGKILL, and a loss of power: what was not flushed is gone. */
  void kill() throws Exception {
    List<ProcessHandle> children = nbdkit.descendants().toList();
    nbdkit.destroyForcibly();
    assertThat(nbdkit.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    for (ProcessHandle child : children) {
      child.onExit().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
    Files.copy(
        folder.resolve("durable"), folder.resolve("image"), StandardCopyOption.REPLACE_EXISTING);
  }

  void restart() throws Exception {
    nbdkit = start();
  }

  /** What a flush has made durable. */
  byte[] durable() throws IOException {
    return Files.readAllBytes(folder.resolve("durable"));
  }

  private void end() throws Exception {
    if (nbdkit != null && nbdkit.isAlive()) {
      nbdkit.descendants().forEach(ProcessHandle::destroyForcibly);
      nbdkit.destroyForcibly();
      assertThat(nbdkit.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }
  }
}
