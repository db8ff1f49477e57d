package writeboost.cli.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import writeboost.nbd.ExternalTool;

/** A file of zeroes that takes so many bytes a second: it is in an nbdkit that counts. */
final class SlowDisk {

  private static final int LIMIT_S = 20;

  private final Process nbdkit;
  private final NbdFuse fuse;

  /**
   * @param size as nbdkit takes it
   */
  SlowDisk(Workspace workspace, String size, long bytesPerSecond) throws Exception {
    NbdFuse.assumeThere();
    Path socket = workspace.socket("slow.sock");
    nbdkit =
        ExternalTool.find("nbdkit")
            .start(
                workspace.file("slow.log"),
                "--foreground",
                "--unix=" + socket,
                "--filter=rate",
                "memory",
                "size=" + size,
                "rate=" + bytesPerSecond * Byte.SIZE);
    workspace.atEnd(this::end);
    while (!Files.exists(socket)) {
      if (nbdkit.waitFor(10, TimeUnit.MILLISECONDS)) {
        throw new IOException("nbdkit ended: " + Files.readString(workspace.file("slow.log")));
      }
    }
    fuse = new NbdFuse(workspace.file("slow"), "nbd+unix:///?socket=" + socket);
    workspace.atEnd(fuse::close);
  }

  Path file() {
    return fuse.file();
  }

  private void end() throws Exception {
    nbdkit.destroy();
    if (!nbdkit.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
      nbdkit.destroyForcibly();
      throw new IOException("nbdkit, process " + nbdkit.pid() + ", had to be killed");
    }
  }
}
