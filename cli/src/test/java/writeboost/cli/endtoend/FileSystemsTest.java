package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** File systems of the kernel on a loop device on nbdfuse on the server. */
@Timeout(300)
final class FileSystemsTest {

  private static final int FILES = 120;
  private static final int MAX_FILE_BYTES = 400_000;

  private Workspace workspace;

  @BeforeEach
  void open() throws Exception {
    workspace = new Workspace();
  }

  @AfterEach
  void close() throws Exception {
    workspace.close();
  }

  @Test
  void ext4() throws Exception {
    Server server = serve();
    LoopDisk disk = new LoopDisk(workspace, "ext4", server.uri());
    disk.run("mkfs.ext4", "-q", "-F").expectSuccess();
    use(disk, "ext4");
    disk.run("e2fsck", "-f", "-n").expectSuccess();
    disk.close();
    server.stop();
  }

  @Test
  void xfs() throws Exception {
    Server server = serve();
    LoopDisk disk = new LoopDisk(workspace, "xfs", server.uri());
    disk.run("mkfs.xfs", "-q", "-f").expectSuccess();
    use(disk, "xfs");
    disk.run("xfs_repair", "-n").expectSuccess();
    disk.close();
    server.stop();
  }

  @Test
  void ext4AfterTheServerWasKilled() throws Exception {
    Server server = serve();
    LoopDisk disk = new LoopDisk(workspace, "killed", server.uri());
    disk.run("mkfs.ext4", "-q", "-F").expectSuccess();
    Path root = disk.mount("ext4");
    Path synced = Files.createDirectory(root.resolve("synced"));
    Map<String, String> written = writeFiles(synced, 40);
    for (Path file : list(synced)) {
      sync(file);
    }
    sync(synced);
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Path endless = root.resolve("endless");
      Future<?> writer = thread.submit(() -> writeUntilItFails(endless));
      server.kill();
      assertThat(writer.get()).isNull();
    }
    disk.close();

    Server next = serve();
    LoopDisk again = new LoopDisk(workspace, "again", next.uri());
    // Replays the journal; 1 says that it did.
    assertThat(again.run("e2fsck", "-p").exitCode()).isIn(0, 1);
    again.run("e2fsck", "-f", "-n").expectSuccess();
    assertThat(Digests.ofTree(again.mount("ext4").resolve("synced"))).isEqualTo(written);
    again.unmount();
    again.run("e2fsck", "-f", "-n").expectSuccess();
    again.close();
    next.stop();
  }

  private Server serve() throws Exception {
    return Server.start(
        workspace,
        workspace.file("backing.img").toString(),
        workspace.file("cache.img").toString(),
        "--backing-size",
        "400M",
        "--cache-size",
        "32M");
  }

  /** Makes, copies, syncs and deletes files, and compares after mounting again. Ends unmounted. */
  private static void use(LoopDisk disk, String type) throws Exception {
    Path root = disk.mount(type);
    Path made = Files.createDirectory(root.resolve("made"));
    Path copied = Files.createDirectory(root.resolve("copied"));
    TreeMap<String, String> digests = writeFiles(made, FILES);
    for (Path file : list(made)) {
      Path copy = Files.copy(file, copied.resolve(file.getFileName()));
      sync(copy);
    }
    for (Path file : list(made)) {
      if (file.getFileName().toString().hashCode() % 2 == 0) {
        Files.delete(file);
      }
    }
    TreeMap<String, String> left = Digests.ofTree(made);
    assertThat(left).hasSizeBetween(1, FILES - 1);
    disk.unmount();

    disk.mount(type);
    assertThat(Digests.ofTree(copied)).isEqualTo(digests);
    assertThat(Digests.ofTree(made)).isEqualTo(left);
    disk.unmount();
  }

  private static TreeMap<String, String> writeFiles(Path folder, int count) throws IOException {
    Random random = new Random(count);
    for (int i = 0; i < count; i++) {
      byte[] data = new byte[random.nextInt(MAX_FILE_BYTES)];
      random.nextBytes(data);
      Files.write(folder.resolve("file" + i), data);
    }
    return Digests.ofTree(folder);
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Void writeUntilItFails(Path file) {
    byte[] data = new byte[64 << 10];
    new Random(1).nextBytes(data);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (int i = 0; ; i++) {
        channel.write(ByteBuffer.wrap(data), (long) (i % 1000) * data.length);
        if (i % 8 == 0) {
          channel.force(false);
        }
      }
    } catch (IOException e) {
      return null; // as it should, once the server is dead
    }
  }
}
