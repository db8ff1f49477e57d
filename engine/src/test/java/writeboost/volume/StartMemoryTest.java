package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Errno;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;

/** What a start takes of the machine's memory. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class StartMemoryTest {

  private static final long CACHE_BYTES = 1L << 40;

  /** A small part of what the tables would take; the heap may grow meanwhile. */
  private static final long LITTLE = 256 << 20;

  @Test
  void noTableIsTouchedBeforeItsLinesAreUsed() throws Exception {
    try (MemoryDevice cache = new MemoryDevice(CACHE_BYTES);
        MemoryDevice backing = new MemoryDevice(CACHE_BYTES)) {
      long lines = new Geometry(VolumeOptions.DEFAULT_ORDER, CACHE_BYTES).lineCount();
      long before = residentBytes();
      try (Volume volume = open(cache, backing, /* fresh= */ true)) {
        assertThat(volume.memoryBytes()).isGreaterThan(lines * 17);
        assertThat(residentBytes() - before).as("formatted").isLessThan(LITTLE);
        write(volume);
        volume.stop();
      }
      try (Volume volume = open(cache, backing, /* fresh= */ false)) {
        assertThat(volume.recovery().dirtyLines()).isEqualTo(1);
        assertThat(residentBytes() - before).as("resumed").isLessThan(LITTLE);
        volume.stop();
      }
    }
  }

  private static Volume open(MemoryDevice cache, MemoryDevice backing, boolean fresh)
      throws Exception {
    VolumeOptions options =
        new VolumeOptions(
            VolumeOptions.DEFAULT_ORDER, false, 64L << 20, fresh, fresh, "cache", "backing");
    return Volume.open(backing, cache, options, Formatter.Progress.NONE);
  }

  private static void write(Volume volume) throws InterruptedException {
    CountDownLatch answered = new CountDownLatch(1);
    Request request = new Request(unused -> answered.countDown());
    MemorySegment data = Arena.ofAuto().allocate(Geometry.BLOCK, Geometry.BLOCK);
    data.fill((byte) 1);
    request.set(Operation.WRITE, 0, 0, Geometry.BLOCK, data, 0);
    volume.submit(new Request[] {request}, 1);
    answered.await();
    assertThat(request.error).isEqualTo(Errno.OK);
  }

  private static long residentBytes() throws Exception {
    return 4096 * Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]);
  }
}
