package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.layout.Geometry.BLOCK;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import writeboost.device.Blocking;
import writeboost.device.Extents;
import writeboost.device.FileCreation;
import writeboost.device.FileDevice;
import writeboost.device.MemoryDevice;
import writeboost.layout.Formatter;

/** A sparse file fills while a log that is soon full goes round, and others ask for its holes. */
class DescriptionStressTest {

  private static final long SEED = Long.getLong("describe.seed", 1);
  private static final int WRITES = Integer.getInteger("describe.writes", 2000);
  private static final int BLOCKS = 8192;

  /** Blocks that have been written, and are written to the end. */
  private final AtomicIntegerArray written = new AtomicIntegerArray(BLOCKS);

  private final AtomicReference<String> wrong = new AtomicReference<>("");
  private volatile boolean done;

  @Test
  @Timeout(60)
  void aBlockThatWasWrittenIsNeverSaidToBeZero(@TempDir Path folder) throws Exception {
    long size = (long) BLOCKS * BLOCK;
    VolumeOptions options =
        new VolumeOptions(8, false, 4 * (512L << 8), false, false, "cache", "backing");
    try (FileDevice backing = new FileDevice(FileCreation.sparse(folder.resolve("b"), size));
        MemoryDevice cache = new MemoryDevice((1 << 20) + 20 * (512L << 8));
        Volume volume = Volume.open(backing, cache, options, Formatter.Progress.NONE)) {
      Thread[] askers = {asker(volume, 1), asker(volume, 2)};
      try {
        write(new Blocking(volume, "volume"));
      } finally {
        done = true;
        for (Thread asker : askers) {
          asker.join();
        }
      }
      assertThat(wrong.get()).as("seed %d", SEED).isEmpty();
      assertThat(volume.snapshot().linesWrittenBack()).isGreaterThan(WRITES / 2);
      volume.stop();
    }
  }

  private void write(Blocking device) throws Exception {
    Random random = new Random(SEED);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(BLOCK).fill((byte) 1);
      for (int i = 0; i < WRITES; i++) {
        int block = random.nextInt(BLOCKS);
        device.write((long) block * BLOCK, data);
        written.set(block, 1);
      }
    }
  }

  private Thread asker(Volume volume, int number) {
    return Thread.ofPlatform()
        .start(
            () -> {
              Random random = new Random(SEED + number);
              while (!done) {
                ask(volume, random.nextInt(BLOCKS - 200), 200);
              }
            });
  }

  private void ask(Volume volume, int first, int count) {
    boolean[] before = new boolean[count];
    for (int i = 0; i < count; i++) {
      before[i] = written.get(first + i) != 0;
    }
    CountDownLatch answered = new CountDownLatch(1);
    Extents extents = new Extents(count, unused -> answered.countDown());
    volume.describe(extents.ask((long) first * BLOCK, (long) count * BLOCK, count));
    try {
      answered.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    int block = 0;
    for (int i = 0; i < extents.count(); i++) {
      int end = block + (int) (extents.length(i) / BLOCK);
      for (; block < end; block++) {
        if (before[block] && extents.state(i) != 0) {
          wrong.set("block " + (first + block) + " had been written");
        }
      }
    }
  }
}
