package writeboost.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FileDeviceTest {
  private static final int SIZE = 1 << 20;

  @TempDir Path folder;

  @Test
  void theEndOfAShrunkenFileIsAnErrorNotZeroes() throws Exception {
    for (DeviceUnderTest kind :
        List.of(DeviceUnderTest.DIRECT_4K, DeviceUnderTest.RING_4K, DeviceUnderTest.BUFFERED)) {
      Path own = Files.createDirectory(folder.resolve(kind.name()));
      try (var opened = kind.open(own, SIZE)) {
        try (var channel = FileChannel.open(own.resolve("device.img"), StandardOpenOption.WRITE)) {
          channel.truncate(SIZE / 2);
        }
        Request aligned =
            Calls.request(Operation.READ, SIZE / 2 - 4096, 8192, Calls.memory(8192), 0);
        Request unaligned = Calls.request(Operation.READ, SIZE / 2, 512, Calls.memory(1024), 1);
        Calls.run(opened.device, aligned, unaligned);
        assertThat(new int[] {aligned.error, unaligned.error}).containsOnly(Errno.EIO);
      }
    }
  }

  @Test
  void aFileThatHasBeenCutOffIsNotWholeAndTakesNoFlush() throws Exception {
    for (DeviceUnderTest kind :
        List.of(DeviceUnderTest.DIRECT, DeviceUnderTest.RING, DeviceUnderTest.BUFFERED)) {
      Path own = Files.createDirectory(folder.resolve("cut " + kind.name()));
      try (var opened = kind.open(own, SIZE)) {
        assertThat(opened.device.isWhole()).isTrue();
        try (var channel = FileChannel.open(own.resolve("device.img"), StandardOpenOption.WRITE)) {
          channel.truncate(SIZE / 2);
        }
        assertThat(opened.device.isWhole()).isFalse();
        Request write = Calls.request(Operation.WRITE, 0, 4096, Calls.memory(4096), 0);
        Request read = Calls.request(Operation.READ, 0, 4096, Calls.memory(4096), 0);
        Request flush = Calls.request(Operation.FLUSH, 0, 0, 0);
        Request durable = Calls.request(Operation.WRITE, 4096, 4096, Calls.memory(4096), 0);
        durable.flags = Request.FUA;
        Request awaited = Calls.request(Operation.FLUSH, Request.AWAITED, 0, 0);
        Calls.run(opened.device, write, read, flush, durable);
        Calls.run(opened.device, awaited);
        assertThat(new int[] {write.error, read.error}).containsOnly(Errno.OK);
        assertThat(new int[] {flush.error, durable.error, awaited.error}).containsOnly(Errno.EIO);
        try (var channel = FileChannel.open(own.resolve("device.img"), StandardOpenOption.WRITE)) {
          channel.write(ByteBuffer.allocate(1), SIZE - 1);
        }
        assertThat(Calls.error(opened.device, Calls.request(Operation.FLUSH, 0, 0, 0))).isZero();
      }
    }
  }

  @Test
  void aReadOnlyDeviceReadsAndFlushesOnly() throws Exception {
    Path path = folder.resolve("device.img");
    FileCreation.sparse(path, SIZE).close();
    try (FileDevice device = new FileDevice(DeviceFile.open(path, true), 1)) {
      assertThat(device.limits().readOnly()).isTrue();
      assertThat(device.limits().canZero()).isFalse();
      Request read = Calls.request(Operation.READ, 0, 512, Calls.memory(512), 0);
      Request write = Calls.request(Operation.WRITE, 0, 512, Calls.memory(512), 0);
      assertThat(Calls.error(device, read)).isZero();
      assertThat(Calls.error(device, Calls.request(Operation.FLUSH, 0, 0, 0))).isZero();
      assertThat(Calls.error(device, write)).isEqualTo(Errno.EPERM);
      assertThat(Calls.error(device, Calls.request(Operation.TRIM, 0, 0, 512)))
          .isEqualTo(Errno.EPERM);
    }
  }

  @Test
  void executesOnTheCallingThread() throws Exception {
    try (FileDevice device = new FileDevice(FileCreation.sparse(folder.resolve("d"), SIZE), 1)) {
      Thread[] completedOn = new Thread[1];
      Request flush = Calls.request(Operation.FLUSH, 0, 0, 0);
      flush.completion(unused -> completedOn[0] = Thread.currentThread());
      device.execute(flush);
      assertThat(completedOn[0]).isSameAs(Thread.currentThread());
    }
  }

  @ParameterizedTest
  @EnumSource
  void cancelsWhatHasNotBegunAndCloseWaitsForTheRest(DeviceIo io) throws Exception {
    FileDevice device = oneAtATime(io);
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Request first =
        new Request(
                unused -> {
                  busy.countDown();
                  Calls.await(goOn);
                })
            .set(Operation.FLUSH, 0, 0, 0);
    device.submit(new Request[] {first}, 1);
    Calls.await(busy); // the only thread that completes

    AtomicInteger answers = new AtomicInteger();
    Request[] waiting = new Request[200];
    for (int i = 0; i < waiting.length; i++) {
      waiting[i] = Calls.request(Operation.WRITE, i * 512L, 512, Calls.memory(512), 0);
      waiting[i].completion(unused -> answers.incrementAndGet());
    }
    device.submit(waiting, waiting.length);
    device.cancel(waiting[150]);
    assertThat(waiting[150].error).isEqualTo(Errno.ECANCELED);
    assertThat(answers).hasValue(1);
    device.cancel(first); // has begun: no effect

    goOn.countDown();
    device.close();
    assertThat(answers).hasValue(waiting.length);
    assertThat(waiting[199].error).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void aThreadSurvivesACompletionThatThrows(DeviceIo io) throws Exception {
    try (FileDevice device = oneAtATime(io)) {
      Request bad = Calls.request(Operation.FLUSH, 0, 0, 0);
      bad.completion(
          unused -> {
            throw new IllegalStateException("as the test wants");
          });
      device.submit(new Request[] {bad}, 1);
      assertThat(Calls.error(device, Calls.request(Operation.FLUSH, 0, 0, 0))).isZero();
    }
  }

  @Test
  void zeroingPunchesHolesUnlessToldNotTo() throws Exception {
    Path path = folder.resolve("d");
    try (FileDevice device = new FileDevice(FileCreation.allocated(path, SIZE, done -> {}), 1)) {
      Request keep = Calls.request(Operation.WRITE_ZEROES, Request.NO_HOLE, 0, SIZE);
      assertThat(Calls.error(device, keep)).isZero();
      assertThat(blocks(path)).isGreaterThanOrEqualTo(SIZE / 512);
      Request punch = Calls.request(Operation.WRITE_ZEROES, 0, 0, SIZE);
      assertThat(Calls.error(device, punch)).isZero();
      assertThat(blocks(path)).isLessThan(SIZE / 512 / 2);
      assertThat(Files.size(path)).isEqualTo(SIZE);
    }
  }

  /** One thread completes its requests. */
  private FileDevice oneAtATime(DeviceIo io) throws Exception {
    DeviceFile file = FileCreation.sparse(folder.resolve("d"), SIZE);
    return new FileDevice(file, file.mode(), 1, io);
  }

  private static long blocks(Path path) throws Exception {
    return Long.parseLong(Command.run("stat", "-c", "%b", path.toString()).output());
  }
}
