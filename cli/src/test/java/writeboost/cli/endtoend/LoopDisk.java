package writeboost.cli.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import writeboost.nbd.ExternalTool;

/**
 * A block device of the system that reaches an NBD export through nbdfuse, and a file system on it.
 * One thread.
 */
final class LoopDisk implements AutoCloseable {

  static final Duration LIMIT = Duration.ofSeconds(60);

  private final Undo undo = new Undo();
  private final Undo mounted = new Undo();
  private final String device;
  private final Path mountPoint;

  LoopDisk(Workspace workspace, String name, String uri) throws Exception {
    NbdFuse.assumeThere();
    ExternalTool.require(Files.isWritable(Path.of("/dev/loop-control")), "/dev/loop-control");
    ExternalTool losetup = ExternalTool.find("losetup");
    workspace.atEnd(this::close);
    NbdFuse fuse = new NbdFuse(workspace.file(name + "-fuse"), uri);
    undo.add(fuse::close);
    String[] attach = {"--find", "--show", fuse.file().toString()};
    device = losetup.run(LIMIT, attach).expectSuccess().output().strip();
    undo.add(() -> losetup.run(LIMIT, "--detach", device).expectSuccess());
    mountPoint = workspace.folder(name);
  }

  String device() {
    return device;
  }

  /** Makes a file system, or checks one, or the like: {@code program arguments device}. */
  ExternalTool.Result run(String program, String... arguments) throws Exception {
    String[] all = Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = device;
    return ExternalTool.find(program).run(LIMIT, all);
  }

  /** Returns the root of the file system. */
  Path mount(String type) throws Exception {
    ExternalTool mount = ExternalTool.find("mount");
    mount.run(LIMIT, "-t", type, device, mountPoint.toString()).expectSuccess();
    ExternalTool umount = ExternalTool.find("umount");
    mounted.add(
        () -> {
          if (umount.run(LIMIT, mountPoint.toString()).exitCode() != 0) {
            umount.run(LIMIT, "--lazy", mountPoint.toString());
            throw new IOException("cannot unmount " + mountPoint);
          }
        });
    return mountPoint;
  }

  void unmount() throws IOException {
    mounted.close();
  }

  @Override
  public void close() throws IOException {
    try {
      mounted.close();
    } finally {
      undo.close();
    }
  }
}
