package writeboost.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceFileTest {
  @TempDir Path folder;

  @Test
  void opensThroughLinksAndKnowsTheSameFileByItsIdentity() throws Exception {
    Path path = file("device.img", 4096);
    Path symbolic = Files.createSymbolicLink(folder.resolve("symbolic"), path);
    Path hard = Files.createLink(folder.resolve("hard"), path);
    Path other = file("other.img", 4096);
    try (DeviceFile file = DeviceFile.open(symbolic, false)) {
      assertThat(file.size()).isEqualTo(4096);
      assertThat(file.created()).isFalse();
      assertThat(file.isBlockDevice()).isFalse();
      assertThat(file.identity())
          .isEqualTo(DeviceFile.identity(path))
          .isEqualTo(DeviceFile.identity(hard))
          .isEqualTo(DeviceFile.identity(symbolic))
          .isNotEqualTo(DeviceFile.identity(other));
    }
    assertThat(DeviceFile.identity(folder.resolve("missing"))).isNull();
  }

  @Test
  void refusesWhatIsNoDevice() throws Exception {
    assertRefused(folder.resolve("missing"), "no such file");
    assertRefused(folder, "is a folder");
    assertRefused(Path.of("/dev/null"), "neither a file nor a block device");
    assertRefused(file("a", 4096).resolve("b"), "not a folder");
    assertRefused(file("empty", 0), "is empty");
    assertRefused(file("odd", 1000), "1000 bytes, is not a multiple of 512");
    Path pipe = folder.resolve("pipe");
    assumeTrue(Command.run("mkfifo", pipe.toString()).ok(), "needs mkfifo");
    assertRefused(pipe, "neither a file nor a block device");
  }

  private static void assertRefused(Path path, String why) {
    for (boolean readOnly : new boolean[] {false, true}) {
      assertThatThrownBy(() -> DeviceFile.open(path, readOnly))
          .isInstanceOf(DeviceException.class)
          .hasMessageStartingWith(path + ": ")
          .hasMessageContaining(why)
          .message()
          .doesNotContain("\n");
    }
  }

  @Test
  void refusesWhatIsNotPermitted() throws Exception {
    Path path = file("device.img", 4096);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("---------"));
    assumeTrue(!Files.isReadable(path), "needs a user who is not root");
    assertRefused(path, "permission denied");
  }

  @Test
  void aWriterIsAloneAndReadersShare() throws Exception {
    Path path = file("device.img", 4096);
    try (DeviceFile _ = DeviceFile.open(path, false)) {
      assertRefused(path, "locked");
    }
    try (DeviceFile reader = DeviceFile.open(path, true);
        DeviceFile _ = DeviceFile.open(path, true)) {
      assertThat(reader.readOnly()).isTrue();
      assertThatThrownBy(() -> DeviceFile.open(path, false)).hasMessageContaining("locked");
    }
    DeviceFile.open(path, false).close();
  }

  @Test
  void theLockHoldsAgainstOtherProcesses() throws Exception {
    Command.assumeTools("flock");
    String path = file("device.img", 4096).toString();
    try (DeviceFile _ = DeviceFile.open(Path.of(path), false)) {
      assertThat(Command.run("flock", "--nonblock", path, "true").ok()).isFalse();
    }
    assertThat(Command.run("flock", "--nonblock", path, "true").ok()).isTrue();

    Process holder = new ProcessBuilder("flock", path, "sh", "-c", "echo locked; cat").start();
    try (BufferedReader output = holder.inputReader()) {
      assertThat(output.readLine()).isEqualTo("locked");
      assertRefused(Path.of(path), "in use (locked)");
    } finally {
      holder.getOutputStream().close();
      assertThat(holder.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    DeviceFile.open(Path.of(path), false).close();
  }

  @Test
  void aBlockDeviceIsClaimed() throws Exception {
    Path file = file("device.img", 1 << 20);
    try (LoopDevice loop = LoopDevice.attach(file, 512)) {
      Path link = Files.createSymbolicLink(folder.resolve("by-id"), loop.path());
      try (DeviceFile device = DeviceFile.open(link, false)) {
        assertThat(device.size()).isEqualTo(1 << 20);
        assertThat(device.isBlockDevice()).isTrue();
        assertThat(device.identity())
            .isEqualTo(DeviceFile.identity(loop.path()))
            .isNotEqualTo(DeviceFile.identity(file));
        assertThatThrownBy(() -> DeviceFile.open(loop.path(), false))
            .hasMessage(
                loop.path()
                    + ": cannot open it: in use (mounted, or claimed by another program);"
                    + " unmount or stop that");
        assertThatThrownBy(() -> DeviceFile.open(loop.path(), true)).hasMessageContaining("locked");
      }
      DeviceFile.open(loop.path(), true).close();
    }
  }

  @Test
  void aLoopDeviceIsNotUsedBesideItsFile() throws Exception {
    Path file = file("device.img", 1 << 20);
    try (LoopDevice loop = LoopDevice.attach(file, 512);
        LoopDevice same = LoopDevice.attach(file, 512)) {
      try (DeviceFile device = DeviceFile.open(loop.path(), false)) {
        assertThat(device.isBlockDevice()).isTrue();
        assertRefused(file, "in use (locked)");
        assertRefused(same.path(), "behind it " + file + ": in use (locked)");
      }
      try (DeviceFile device = DeviceFile.open(file, false)) {
        assertThat(device.isBlockDevice()).isFalse();
        assertRefused(loop.path(), "behind it " + file + ": in use (locked)");
      }
      DeviceFile.open(same.path(), false).close();
    }
  }

  @Test
  void norIsOneOnAnotherLoopDevice() throws Exception {
    Path file = file("device.img", 1 << 20);
    try (LoopDevice lower = LoopDevice.attach(file, 512);
        LoopDevice upper = LoopDevice.attach(lower.path(), 512);
        DeviceFile device = DeviceFile.open(upper.path(), false)) {
      assertThat(device.isBlockDevice()).isTrue();
      assertRefused(file, "in use (locked)");
    }
  }

  @Test
  void norIsAPartOfTheFile() throws Exception {
    Path file = file("device.img", 1 << 20);
    try (LoopDevice one = LoopDevice.attachPart(file, 4096);
        LoopDevice other = LoopDevice.attachPart(file, 8192);
        DeviceFile device = DeviceFile.open(one.path(), false)) {
      assertThat(device.size()).isEqualTo((1 << 20) - 4096);
      assertRefused(file, "in use (locked)");
      assertRefused(other.path(), "behind it " + file + ": in use (locked)");
    }
  }

  @Test
  void aMountedBlockDeviceIsRefused() throws Exception {
    Command.assumeRootAnd("mkfs.ext4", "mount", "umount");
    Path mountPoint = Files.createDirectory(folder.resolve("mnt"));
    try (LoopDevice loop = LoopDevice.attach(file("device.img", 1 << 20), 512)) {
      String device = loop.path().toString();
      assertThat(Command.run("mkfs.ext4", "-q", "-O", "^has_journal", device).ok()).isTrue();
      Command mount = Command.run("mount", device, mountPoint.toString());
      assumeTrue(mount.ok(), "needs to mount: " + mount.output());
      try {
        assertThatThrownBy(() -> DeviceFile.open(loop.path(), false))
            .hasMessageContaining("in use (mounted");
      } finally {
        assertThat(Command.run("umount", mountPoint.toString()).ok()).isTrue();
      }
    }
  }

  private Path file(String name, int size) throws IOException {
    return Files.write(folder.resolve(name), new byte[size]);
  }
}
