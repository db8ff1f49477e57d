package writeboost.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileCreationTest {
  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void allocatesAndFillsWithZeroes(boolean nameless) throws Exception {
    Path path = folder.resolve("cache.img");
    long size = 3 * MIB + 512;
    List<Long> progress = new ArrayList<>();
    try (DeviceFile file =
        FileCreation.allocated(
            path,
            size,
            nameless,
            done -> {
              progress.add(done);
              assertThat(path).as("has no name before it is finished").doesNotExist();
            })) {
      assertThat(file.created()).isTrue();
      assertThat(file.size()).isEqualTo(size);
    }
    assertThat(progress).containsExactly(MIB, 2 * MIB, 3 * MIB, size);
    assertThat(Files.readAllBytes(path)).containsOnly(0).hasSize((int) size);
    assertThat(allocatedBytes(path)).isGreaterThanOrEqualTo(size);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
    assertThat(namesIn(folder)).containsExactly("cache.img");
  }

  @Test
  void sparseFilesTakeNoSpace() throws Exception {
    Path path = folder.resolve("backing.img");
    try (DeviceFile file = FileCreation.sparse(path, 1L << 32)) {
      assertThat(file.size()).isEqualTo(1L << 32);
      assertThat(file.readOnly()).isFalse();
    }
    assertThat(Files.size(path)).isEqualTo(1L << 32);
    assertThat(allocatedBytes(path)).isLessThan(MIB);
  }

  @Test
  void isLockedFromTheStart() throws Exception {
    Path path = folder.resolve("cache.img");
    try (DeviceFile _ = FileCreation.sparse(path, MIB)) {
      assertThatThrownBy(() -> DeviceFile.open(path, false)).hasMessageContaining("locked");
      assertThatThrownBy(() -> DeviceFile.open(path, true)).hasMessageContaining("locked");
    }
    DeviceFile.open(path, false).close();
  }

  @Test
  void neverOverwrites() throws Exception {
    Path path = Files.writeString(folder.resolve("precious"), "precious");
    assertThatThrownBy(() -> FileCreation.sparse(path, MIB))
        .isInstanceOf(DeviceException.class)
        .hasMessage(
            path
                + ": cannot create it: the name is taken (by a file or a dangling link);"
                + " nothing was changed");
    assertThat(path).hasContent("precious");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void neverOverwritesWhatAppearsMeanwhile(boolean nameless) throws Exception {
    Path path = folder.resolve("cache.img");
    assertThatThrownBy(() -> FileCreation.allocated(path, 2 * MIB, nameless, done -> appear(path)))
        .hasMessageContaining("the name is taken");
    assertThat(path).hasContent("precious");
    assertThat(namesIn(folder)).containsExactly("cache.img");
  }

  @Test
  void neverCreatesThroughALink() throws Exception {
    Path target = folder.resolve("target");
    Path link = Files.createSymbolicLink(folder.resolve("link"), target);
    assertThatThrownBy(() -> FileCreation.sparse(link, MIB)).hasMessageContaining("dangling link");
    assertThat(target).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void leavesNothingWhenGivenUp(boolean nameless) {
    Path path = folder.resolve("cache.img");
    assertThatThrownBy(
            () ->
                FileCreation.allocated(
                    path,
                    4 * MIB,
                    nameless,
                    done -> {
                      throw new IllegalStateException("enough");
                    }))
        .hasMessage("enough");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void saysWhatIsLeftOver() throws Exception {
    Path leftOver = Files.createFile(folder.resolve("cache.img.unfinished"));
    assertThatThrownBy(
            () -> FileCreation.allocated(folder.resolve("cache.img"), MIB, false, done -> {}))
        .hasMessageStartingWith(leftOver + ": left over");
    assertThat(leftOver).exists();
  }

  @Test
  void refusesAFolderThatIsNotThereAndSizesThatCannotBe() {
    assertThatThrownBy(() -> FileCreation.sparse(folder.resolve("no/cache.img"), MIB))
        .hasMessageContaining("no such file or folder");
    for (long size : new long[] {0, -512, 1000}) {
      assertThatThrownBy(() -> FileCreation.sparse(folder.resolve("cache.img"), size))
          .hasMessageContaining("multiple of 512");
    }
    assertThatThrownBy(() -> FileCreation.sparse(folder.resolve("cache.img"), 1L << 62))
        .hasMessageContaining("too large for its file system");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void leavesNothingWhenThereIsNoSpace() throws Exception {
    Command.assumeRootAnd("mount", "umount");
    Command mount =
        Command.run("mount", "-t", "tmpfs", "-o", "size=2m", "small", folder.toString());
    assumeTrue(mount.ok(), "needs to mount: " + mount.output());
    try {
      assertThatThrownBy(() -> FileCreation.allocated(folder.resolve("c"), 4 * MIB, done -> {}))
          .isInstanceOf(DeviceException.class)
          .hasMessageContaining("no space left");
      assertThat(folder).isEmptyDirectory();

      DeviceFile backing = FileCreation.sparse(folder.resolve("b"), 4 * MIB);
      try (FileDevice device = new FileDevice(backing)) {
        Request write = Calls.request(Operation.WRITE, 0, 4 * MIB, Calls.memory(4 * MIB), 0);
        assertThat(Calls.error(device, write)).isEqualTo(Errno.ENOSPC);
      }
    } finally {
      Command umount = Command.run("umount", folder.toString());
      assertThat(umount.ok()).as(umount.output()).isTrue();
    }
  }

  private static void appear(Path path) {
    try {
      Files.writeString(path, "precious");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> namesIn(Path folder) throws IOException {
    try (var names = Files.list(folder)) {
      return names.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static long allocatedBytes(Path path) throws IOException {
    return 512 * Long.parseLong(Command.run("stat", "-c", "%b", path.toString()).output());
  }
}
