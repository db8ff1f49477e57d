package writeboost.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What devices say of the space in a range. */
class DescribeTest {

  private static final int SIZE = 1 << 20;
  private static final int UNIT = 64 << 10;

  @TempDir Path folder;

  private static Extents ask(BlockDevice device, long offset, long length, int most) {
    CountDownLatch done = new CountDownLatch(1);
    Extents extents = new Extents(most, unused -> done.countDown()).ask(offset, length, most);
    device.describe(extents);
    Calls.await(done);
    return extents;
  }

  @ParameterizedTest
  @EnumSource
  void whatIsSaidToBeZeroReadsAsZeroes(DeviceUnderTest kind) throws Exception {
    Random random = new Random(4);
    try (var opened = kind.open(folder, SIZE)) {
      BlockDevice device = opened.device;
      for (int round = 0; round < 60; round++) {
        int sectors = random.nextInt(1, 300);
        long at = random.nextInt(SIZE / 512 - sectors) * 512L;
        Operation operation =
            new Operation[] {
                  Operation.WRITE, Operation.WRITE, Operation.WRITE_ZEROES, Operation.TRIM
                }
                [random.nextInt(4)];
        Request change =
            operation == Operation.WRITE
                ? Calls.request(
                    operation, at, sectors * 512L, Calls.memory(sectors * 512).fill((byte) 5), 0)
                : Calls.request(operation, 0, at, sectors * 512L);
        assertThat(Calls.error(device, change)).isZero();
        Request read = Calls.request(Operation.READ, 0, SIZE, Calls.memory(SIZE), 0);
        Calls.run(device, read);
        check(device, read, random);
      }
    }
  }

  /** From anywhere up to anywhere, answer after answer. */
  private static void check(BlockDevice device, Request content, Random random) {
    long offset = random.nextInt(SIZE - 1);
    long end = random.nextLong(offset + 1, SIZE + 1L);
    while (offset < end) {
      Extents extents = ask(device, offset, end - offset, random.nextInt(1, 5));
      assertThat(extents.error).isZero();
      assertThat(extents.count()).isPositive();
      for (int i = 0; i < extents.count(); i++) {
        assertThat(extents.length(i)).isPositive();
        if ((extents.state(i) & Extents.ZERO) != 0) {
          long length = extents.length(i);
          assertThat(content.data.asSlice(offset, length).mismatch(Calls.memory((int) length)))
              .as("%d+%d", offset, length)
              .isEqualTo(-1);
        }
        offset += extents.length(i);
      }
      assertThat(offset).isLessThanOrEqualTo(end);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MEMORY", "SECTORS", "BUFFERED", "DIRECT", "DIRECT_4K"})
  void whatWasNeverWrittenIsAHole(DeviceUnderTest kind) throws Exception {
    try (var opened = kind.open(folder, SIZE)) {
      BlockDevice device = opened.device;
      Request write =
          Calls.request(Operation.WRITE, 4 * UNIT, UNIT, Calls.memory(UNIT).fill((byte) 1), 0);
      assertThat(Calls.error(device, write)).isZero();
      Extents all = ask(device, 0, SIZE, 10);
      assertThat(all.count()).isEqualTo(3);
      assertThat(new long[] {all.length(0), all.length(1), all.length(2)})
          .containsExactly(4 * UNIT, UNIT, SIZE - 5 * UNIT);
      int hole = Extents.HOLE | Extents.ZERO;
      assertThat(new int[] {all.state(0), all.state(1), all.state(2)})
          .containsExactly(hole, 0, hole);
      Extents one = ask(device, 5 * UNIT - 512, 4096, 1);
      assertThat(one.count()).isEqualTo(1);
      assertThat(one.length(0)).isEqualTo(512);
    }
  }

  @ParameterizedTest
  @EnumSource
  void refusesQuestionsThatGoOutOfBounds(DeviceUnderTest kind) throws Exception {
    try (var opened = kind.open(folder, SIZE)) {
      long[][] ranges = {
        {-1, 1}, {SIZE, 1}, {0, SIZE + 1}, {0, 0}, {Long.MAX_VALUE, Long.MAX_VALUE}
      };
      for (long[] range : ranges) {
        assertThat(ask(opened.device, range[0], range[1], 3).error)
            .as("%d+%d", range[0], range[1])
            .isEqualTo(Errno.EINVAL);
      }
    }
  }

  /** The data that was there is lost: reads say so, and who skips holes must not miss it. */
  @Test
  void theEndOfAShrunkenFileIsNoHole() throws Exception {
    Path path = folder.resolve("d");
    try (FileDevice device = new FileDevice(FileCreation.sparse(path, SIZE), 1)) {
      try (var channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        channel.truncate(SIZE / 2);
      }
      Extents end = ask(device, SIZE / 2, SIZE / 2, 2);
      assertThat(end.count()).isEqualTo(1);
      assertThat(end.state(0)).isZero();
    }
  }

  @Test
  void aFileIsAskedOnTheThreadsOfTheDevice() throws Exception {
    FileDevice device = new FileDevice(FileCreation.sparse(folder.resolve("d"), SIZE), 1);
    Thread[] on = new Thread[1];
    CountDownLatch done = new CountDownLatch(1);
    Extents extents =
        new Extents(
            1,
            unused -> {
              on[0] = Thread.currentThread();
              done.countDown();
            });
    device.describe(extents.ask(0, SIZE, 1));
    Calls.await(done);
    assertThat(on[0]).isNotSameAs(Thread.currentThread());
    device.close();
    assertThat(ask(device, 0, SIZE, 1).error).isEqualTo(Errno.ESHUTDOWN);
  }

  @Test
  void hintsHurtNobody() throws Exception {
    DeviceFile file = FileCreation.sparse(folder.resolve("d"), SIZE);
    DirectMode mode = DirectMode.buffered(file.descriptor(), 512, "as the test wants");
    try (FileDevice device = new FileDevice(file, mode, 1)) {
      for (int i = 0; i < 10_000; i++) {
        device.prefetch(0, SIZE);
      }
      assertThat(ask(device, 0, SIZE, 1).error).isZero();
    }
    FileDevice closed = new FileDevice(FileCreation.sparse(folder.resolve("e"), SIZE), 1);
    closed.close();
    closed.prefetch(0, SIZE);
  }

  @Test
  void aDiskTurnsIfTheKernelSaysSo() throws Exception {
    Path disk = Files.createDirectories(folder.resolve("disk/queue"));
    Files.writeString(disk.resolve("rotational"), "1\n");
    Files.createDirectory(folder.resolve("disk/disk1"));
    Path link = Files.createSymbolicLink(folder.resolve("8:1"), Path.of("disk/disk1"));
    assertThat(Rotation.of(folder.resolve("disk"))).isTrue();
    assertThat(Rotation.of(link)).as("a partition").isTrue();
    Files.writeString(disk.resolve("rotational"), "0\n");
    assertThat(Rotation.of(folder.resolve("disk"))).isFalse();
    assertThat(Rotation.of(link)).isFalse();
    assertThat(Rotation.of(folder.resolve("none"))).isFalse();
  }

  @Test
  void aFileTurnsIfItsDiskDoes() throws Exception {
    Path path = folder.resolve("d");
    try (FileDevice device = new FileDevice(FileCreation.sparse(path, SIZE), 1)) {
      String numbers = Command.run("stat", "-c", "%Hd:%Ld", path.toString()).output().strip();
      Path disk = Path.of("/sys/dev/block", numbers, "queue/rotational");
      assumeTrue(Files.exists(disk), "needs a file system on one disk");
      assertThat(device.rotational()).isEqualTo(Files.readString(disk).strip().equals("1"));
    }
  }
}
