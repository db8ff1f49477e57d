package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import writeboost.nbd.ExternalTool;

/** Somebody else's data where the cache should be: refused, and not even its time changes. */
@Timeout(120)
final class ForeignCacheTest {

  private static final int MIB = 1 << 20;
  private static final int FILE_BYTES = 8 * MIB;

  @TempDir private Path temporary;
  private Path folder;

  @BeforeEach
  void makeFiles() throws Exception {
    folder = Files.createDirectory(temporary.resolve("run"));
    for (String name : new String[] {"backing", "cache"}) {
      try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
        file.setLength(FILE_BYTES);
      }
    }
  }

  @Test
  void fileSystem() throws Exception {
    ExternalTool.find("mkfs.ext4")
        .run(Serving.LIMIT, "-q", "-F", folder.resolve("cache").toString())
        .expectSuccess();
    refused(1, "not a writeboost cache", "backing", "cache");
  }

  @Test
  void somethingThatOnlyShowsAtTheEnd() throws Exception {
    poke(FILE_BYTES - 1, 1);
    refused(1, "not a writeboost cache", "backing", "cache");
  }

  @Test
  void cacheOfTheKernelModule() throws Exception {
    poke(0, 0x74, 0x73, 0x42, 0x57);
    refused(1, "dm-writeboost kernel module", "backing", "cache");
    poke(4, 10);
    refused(1, "layout v1", "backing", "cache");
  }

  @Test
  void damagedSuperblock() throws Exception {
    String[] arguments = {"serve", "backing", "cache", "7", "--listen", "nbd+unix:///?socket=s"};
    try (CommandRun server = new CommandRun(folder, arguments)) {
      server.awaitReady();
      Serving.stop(server);
    }
    poke(100, 0xFF);
    refused(1, "superblock is damaged", "backing", "cache");
  }

  /** Of the same size: only what the backing file carries with it tells them apart. */
  @Test
  void cacheOfAnotherBackingFile() throws Exception {
    String[] arguments = {"serve", "backing", "cache", "7", "--listen", "nbd+unix:///?socket=s"};
    try (CommandRun server = new CommandRun(folder, arguments)) {
      server.awaitReady();
      Serving.stop(server);
    }
    String[] other = {"serve", "other", "cache2", "7", "--listen", "nbd+unix:///?socket=s"};
    Files.copy(folder.resolve("backing"), folder.resolve("other"));
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve("cache2").toFile(), "rw")) {
      file.setLength(FILE_BYTES);
    }
    try (CommandRun server = new CommandRun(folder, other)) {
      server.awaitReady();
      Serving.stop(server);
    }
    ExternalTool.require(
        Files.getFileAttributeView(folder.resolve("other"), UserDefinedFileAttributeView.class)
            .list()
            .contains("writeboost.id"),
        "a file system with extended attributes");
    refused(1, "belongs to another backing device", "other", "cache");
    Files.move(folder.resolve("backing"), folder.resolve("moved"));
    try (CommandRun server =
        new CommandRun(
            folder, "serve", "moved", "cache", "7", "--listen", "nbd+unix:///?socket=s")) {
      server.awaitReady();
      assertThat(server.errors()).doesNotContain("carries no id");
      Serving.stop(server);
    }
    Files.copy(folder.resolve("moved"), folder.resolve("backing")); // without its attributes
    try (CommandRun server = new CommandRun(folder, arguments)) {
      server.awaitReady();
      assertThat(server.errors()).contains("backing: carries no id", "its size is right");
      Serving.stop(server);
    }
  }

  @Test
  void loopDeviceOverTheOtherDevice() throws Exception {
    boolean root = Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    ExternalTool.require(root && Files.exists(Path.of("/dev/loop-control")), "loop devices");
    ExternalTool losetup = ExternalTool.find("losetup");
    String[] attach = {"--find", "--show", folder.resolve("backing").toString()};
    String loop = losetup.run(Serving.LIMIT, attach).expectSuccess().output().strip();
    try {
      refused(2, "same device", "backing", loop);
      refused(2, "same device", loop, "backing");
    } finally {
      losetup.run(Serving.LIMIT, "--detach", loop).expectSuccess();
    }
  }

  private void poke(long at, int... bytes) throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve("cache").toFile(), "rw")) {
      file.seek(at);
      for (int value : bytes) {
        file.write(value);
      }
    }
  }

  private void refused(int exitCode, String says, String backing, String cache) throws Exception {
    Map<String, String> before = FolderState.of(folder);
    String[] arguments = {"serve", backing, cache, "7", "--listen", "nbd+unix:///?socket=s"};
    try (CommandRun run = new CommandRun(folder, arguments)) {
      assertThat(run.exitCode()).as(run::errors).isEqualTo(exitCode);
      assertThat(run.errors().lines()).singleElement().asString().contains(says, cache);
    }
    assertThat(FolderState.of(folder)).isEqualTo(before);
  }
}
