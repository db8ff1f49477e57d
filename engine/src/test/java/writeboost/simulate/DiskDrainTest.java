package writeboost.simulate;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.volume.Tunable;
import writeboost.volume.Tunables;

/** What sorting buys on a disk that has to turn and to seek: target T6, in simulated time. */
class DiskDrainTest {

  private static final int BLOCK = 4096;
  private static final long SPAN = 4L << 30;

  /** 128 MiB. */
  private static final int WRITES = 32_768;

  private static final int ORDER = 10;

  /** So many that the log is not half full: then write-back would begin by itself. */
  private static final int SEGMENTS = 640;

  private static final Tunables NO_BACKGROUND =
      Tunables.STANDARD.with(Tunable.ALLOW_MIGRATE, 0).with(Tunable.ENABLE_MIGRATION_MODULATOR, 0);

  @Test
  void drainingRandomBlocksTakesAFifthOfWritingThemUnsorted() throws IOException {
    long[] blocks = new Random(6).longs(0, SPAN / BLOCK).distinct().limit(WRITES).toArray();
    long unsortedNs = unsortedNs(blocks);
    EventQueue queue = new EventQueue(new Chance(0));
    try (Arena arena = Arena.ofShared();
        RotatingDevice disk = new RotatingDevice(new MemoryDevice(SPAN), queue);
        TimedVolume volume = new TimedVolume(queue, disk, ORDER, SEGMENTS, NO_BACKGROUND)) {
      MemorySegment data = arena.allocate(BLOCK, BLOCK);
      for (long block : blocks) {
        data.set(JAVA_LONG, 0, block);
        volume.run(Operation.WRITE, block * BLOCK, data, BLOCK);
      }
      volume.run(Operation.FLUSH, 0, MemorySegment.NULL, 0);
      assertThat(disk.transfers()).as("written back before the drain").isZero();
      assertThat(volume.snapshot().dirtyLines()).isEqualTo(WRITES);

      long beganNs = queue.nowNs();
      volume.drain();
      volume.until(() -> volume.snapshot().isDrained());
      long drainNs = queue.nowNs() - beganNs;

      assertThat(disk.transfers()).as("neighbours go together").isLessThan(WRITES);
      assertHas(disk, blocks, data);
      assertThat((double) unsortedNs / drainNs).isGreaterThanOrEqualTo(5);
    }
  }

  /** The same writes in the order in which they came, as many at once as one likes. */
  private static long unsortedNs(long[] blocks) {
    RotatingDisk disk = new RotatingDisk(SPAN);
    return LongStream.of(blocks)
        .map(block -> disk.serve(0, block * BLOCK, BLOCK))
        .max()
        .orElseThrow();
  }

  private static void assertHas(RotatingDevice disk, long[] blocks, MemorySegment data)
      throws IOException {
    for (long block : blocks) {
      disk.content().read(block * BLOCK, data);
      assertThat(data.get(JAVA_LONG, 0)).isEqualTo(block);
    }
  }
}
