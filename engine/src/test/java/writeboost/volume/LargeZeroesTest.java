package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.layout.Geometry.BLOCK;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import writeboost.device.Blocking;
import writeboost.device.Errno;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Formatter;
import writeboost.layout.LapLayout;

/**
 * WRITE_ZEROES and TRIM as large as NBD can ask for them, and of the whole device, while the
 * backing device does not answer: what can be promised at once is, and nobody waits for it who need
 * not.
 */
@Timeout(60)
class LargeZeroesTest {

  private static final long GIB = 1L << 30;

  /** More than any log has lines for as runs of a block each. */
  private static final long LARGE = 64 * GIB;

  private static final int FREE_SEGMENTS = 4;

  @ParameterizedTest
  @EnumSource(names = {"WRITE_ZEROES", "TRIM"})
  void areAnsweredWhileTheBackingDeviceHangs(Operation operation) throws IOException {
    try (SmallVolume volume = new SmallVolume(4, LARGE)) {
      volume.backing.closeGate();
      Request cached = volume.write(GIB / BLOCK);
      volume.fillSegments(SmallVolume.SEGMENTS - FREE_SEGMENTS - 1);
      Request nothing = zero(volume, operation, 0, 2 * GIB + 512, 4 * GIB - BLOCK);
      assertThat(volume.isDone(nothing)).as("4 GiB, and not a whole number of blocks").isTrue();
      Request fast = zero(volume, operation, Request.FAST_ZERO, 0, GIB);
      assertThat(volume.isDone(fast)).isTrue();
      Request lasting = zero(volume, operation, Request.FUA, GIB / 2, GIB);
      assertThat(volume.isDone(lasting)).isTrue();
      assertThat(volume.isDone(cached)).isTrue();
      Request read = volume.read(GIB / BLOCK);
      assertThat(volume.isDone(read)).isTrue();
      assertThat(SmallVolume.content(read)).isZero();
      assertThat(volume.isDone(volume.write(GIB / BLOCK))).isTrue();
      assertThat(volume.isDone(volume.flush())).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"WRITE_ZEROES", "TRIM"})
  void areAnsweredForTheWholeDevice(Operation operation) throws IOException {
    try (SmallVolume volume = new SmallVolume(4, 4 * GIB)) {
      volume.backing.closeGate();
      volume.write(7);
      assertThat(volume.isDone(zero(volume, operation, 0, 0, 4 * GIB))).isTrue();
      assertThat(SmallVolume.content(volume.read(7))).isZero();
      assertThat(volume.isDone(volume.read(4 * GIB / BLOCK - 1))).isTrue();
    }
  }

  /** A log that is full takes no write, and zeroes are one: but nobody else waits for them. */
  @Test
  void waitForRoomInAFullLogAndLetReadsPass() throws IOException {
    try (SmallVolume volume = new SmallVolume(4, LARGE)) {
      volume.backing.closeGate();
      List<Request> writes = new ArrayList<>();
      do {
        writes.add(volume.write(writes.size()));
      } while (volume.isDone(writes.getLast()));
      Request zeroes = zero(volume, Operation.WRITE_ZEROES, Request.FAST_ZERO, 0, 4 * GIB);
      Request trim = zero(volume, Operation.TRIM, 0, 0, LARGE);
      assertThat(volume.isAnswered(zeroes) || volume.isAnswered(trim)).isFalse();
      assertThat(volume.isDone(volume.read(3))).as("a read of the log").isTrue();
      assertThat(volume.isDone(volume.flush())).as("a flush").isTrue();
      volume.driver.cancel(trim);
      assertThat(trim.error).isEqualTo(Errno.ECANCELED);
      volume.backing.openGate();
      volume.seconds(2);
      assertThat(volume.isDone(zeroes)).isTrue();
      assertThat(SmallVolume.content(volume.read(3))).isZero();
    }
  }

  private static Request zero(
      SmallVolume volume, Operation operation, int flags, long offset, long length) {
    return volume.submit(volume.request().set(operation, flags, offset, length));
  }

  /** There zeroes are lines, as large as what they stand for; and TRIM promises nothing. */
  @Test
  void inTheLayoutOf2013AreRefusedWhereTheyShouldBeFast() throws IOException {
    try (FreezingDevice backing = new FreezingDevice(8 * GIB);
        MemoryDevice cache = new MemoryDevice(8 << 20);
        Arena arena = Arena.ofShared()) {
      VolumeOptions options =
          new VolumeOptions(7, false, 4 * (512L << 7), false, false, "cache", "backing")
              .withLayout(LapLayout.INSTANCE);
      try (Volume volume = Volume.open(backing, cache, options, Formatter.Progress.NONE)) {
        backing.freeze(true);
        assertThat(volume.canZeroFast()).isTrue();
        int fast = Request.FAST_ZERO;
        assertThat(answer(volume, Operation.WRITE_ZEROES, fast, 4 * GIB)).isEqualTo(Errno.ENOTSUP);
        assertThat(answer(volume, Operation.WRITE_ZEROES, fast, 64 << 10)).isZero();
        assertThat(answer(volume, Operation.WRITE_ZEROES, 0, 128 << 10)).isZero();
        assertThat(answer(volume, Operation.TRIM, 0, 8 * GIB)).isZero();
        CountDownLatch done = new CountDownLatch(1);
        Request large = new Request(unused -> done.countDown());
        volume.submit(new Request[] {large.set(Operation.WRITE_ZEROES, 0, 0, 4 * GIB)}, 1);
        new Blocking(volume, "volume").read(0, arena.allocate(BLOCK));
        assertThat(done.getCount()).as("more than the log holds, so it waits").isOne();
        volume.cancel(large);
        awaitAnswer(done);
        assertThat(large.error).isEqualTo(Errno.ECANCELED);
      }
    }
  }

  private static int answer(Volume volume, Operation operation, int flags, long length) {
    CountDownLatch done = new CountDownLatch(1);
    Request request = new Request(unused -> done.countDown());
    volume.submit(new Request[] {request.set(operation, flags, 0, length)}, 1);
    awaitAnswer(done);
    return request.error;
  }

  private static void awaitAnswer(CountDownLatch done) {
    try {
      done.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
