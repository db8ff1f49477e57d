package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.MemoryDevice;
import writeboost.device.Request;
import writeboost.layout.Formatter;
import writeboost.layout.UnusableCacheException;

/**
 * The volume as its users see it: what is written is read, across stops, laps of the log, and sizes
 * of segments.
 */
class VolumeTest {

  private static final int SECTOR = 512;
  private static final int BACKING_BYTES = 4 << 20;

  @ParameterizedTest
  @CsvSource({"4, 1", "4, 2", "5, 3", "7, 4", "10, 5"})
  void readsWhatWasWrittenThroughManyLapsAndStarts(int order, long seed) throws IOException {
    long segment = 512L << order;
    long cacheBytes = (1 << 20) + Math.max(6 * segment, 1 << 20) + 4096;
    byte[] model = new byte[BACKING_BYTES];
    Random random = new Random(seed);
    try (BlockDevice backing = new MemoryDevice(BACKING_BYTES);
        BlockDevice cache = new MemoryDevice(cacheBytes)) {
      for (int life = 0; life < 3; life++) {
        try (Volume volume = open(backing, cache, order)) {
          Blocking device = new Blocking(volume, "volume");
          assertContent(device, model, "seed " + seed + " life " + life);
          for (int i = 0; i < 1500; i++) {
            step(device, model, random);
          }
          assertContent(device, model, "seed " + seed + " life " + life + " at its end");
          volume.stop();
        }
      }
    }
  }

  private static Volume open(BlockDevice backing, BlockDevice cache, int order) throws IOException {
    return open(backing, cache, order, false);
  }

  private static Volume open(BlockDevice backing, BlockDevice cache, int order, boolean newBacking)
      throws IOException {
    long ram = 4 * (512L << order);
    VolumeOptions options =
        new VolumeOptions(order, false, ram, false, newBacking, "cache", "backing");
    return Volume.open(backing, cache, options, Formatter.Progress.NONE);
  }

  private static void step(Blocking device, byte[] model, Random random) throws IOException {
    int sectors = random.nextInt(4) == 0 ? 1 + random.nextInt(200) : 1 + random.nextInt(16);
    int total = BACKING_BYTES / SECTOR;
    int span = random.nextInt(3) == 0 ? total : 512;
    int from = random.nextInt(span - Math.min(span - 1, sectors));
    sectors = Math.min(sectors, total - from);
    int offset = from * SECTOR;
    int length = sectors * SECTOR;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(length);
      switch (random.nextInt(8)) {
        case 0 -> device.flush();
        case 1 -> {
          if (random.nextBoolean()) {
            device.trim(offset, length);
          } else {
            device.writeZeroes(offset, length, random.nextBoolean() ? Request.FUA : 0);
          }
          java.util.Arrays.fill(model, offset, offset + length, (byte) 0);
        }
        case 2, 3 -> {
          device.read(offset, data);
          assertThat(data.mismatch(MemorySegment.ofArray(model).asSlice(offset, length)))
              .isEqualTo(-1);
        }
        default -> {
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          System.arraycopy(bytes, 0, model, offset, length);
          data.copyFrom(MemorySegment.ofArray(bytes));
          device.write(offset, data);
        }
      }
    }
  }

  private static void assertContent(Blocking device, byte[] model, String where)
      throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(model.length);
      device.read(0, data);
      assertThat(data.mismatch(MemorySegment.ofArray(model))).as(where).isEqualTo(-1);
    }
  }

  /** Its dirty lines would be written back into an empty device, and reads would miss the rest. */
  @Test
  void refusesACacheThatIsOlderThanItsBackingDevice() throws IOException {
    try (BlockDevice backing = new MemoryDevice(BACKING_BYTES);
        BlockDevice cache = new MemoryDevice(8 << 20)) {
      try (Volume first = open(backing, cache, 7, true)) {
        first.stop();
      }
      assertThatThrownBy(() -> open(backing, cache, 7, true))
          .isInstanceOf(UnusableCacheException.class)
          .hasMessageContaining("cache: the cache belongs to another backing device than backing");
      open(backing, cache, 7, false).close();
    }
  }

  /** Its devices could be written to: an export that lets us, for one. */
  @Test
  void writesNothingBackWhereItIsReadOnly() throws IOException {
    try (BlockDevice backing = new MemoryDevice(BACKING_BYTES);
        BlockDevice cache = new MemoryDevice(2 << 20);
        Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(4096).fill((byte) 7);
      try (Volume volume = open(backing, cache, 4)) {
        new Blocking(volume, "volume").write(8192, data);
        volume.stop();
      }
      VolumeOptions readOnly =
          new VolumeOptions(4, /* readOnly= */ true, 4 << 13, false, false, "cache", "backing");
      try (Volume volume = Volume.open(backing, cache, readOnly, Formatter.Progress.NONE)) {
        assertThatThrownBy(volume::drain).isInstanceOf(IllegalStateException.class);
        volume.stop();
      }
      new Blocking(backing, "backing").read(8192, data);
      assertThat(data.mismatch(arena.allocate(4096))).isEqualTo(-1);
    }
  }

  @Test
  void leavesItsDataInTheLogWhenItIsNotStopped() throws IOException {
    try (BlockDevice backing = new MemoryDevice(BACKING_BYTES);
        BlockDevice cache = new MemoryDevice(8 << 20);
        Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(4096);
      data.fill((byte) 7);
      Volume volume = open(backing, cache, 7);
      Blocking device = new Blocking(volume, "volume");
      device.write(8192, data);
      device.flush();
      volume.close();
      try (Volume again = open(backing, cache, 7)) {
        MemorySegment read = arena.allocate(4096);
        new Blocking(again, "volume").read(8192, read);
        assertThat(read.mismatch(data)).isEqualTo(-1);
      }
    }
  }

  @Test
  @Timeout(30)
  void servesWhatIsCachedAndStopsWhileTheBackingDeviceIsFrozen() throws IOException {
    try (FreezingDevice backing = new FreezingDevice(BACKING_BYTES);
        BlockDevice cache = new MemoryDevice(8 << 20);
        Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(512 << 10);
      data.fill((byte) 9);
      Volume volume = open(backing, cache, 7);
      backing.freeze(true);
      Blocking device = new Blocking(volume, "volume");
      for (int i = 0; i < 4; i++) {
        device.write((long) i * data.byteSize(), data);
      }
      device.flush();
      MemorySegment read = arena.allocate(data.byteSize());
      device.read(data.byteSize(), read);
      assertThat(read.mismatch(data)).isEqualTo(-1);

      volume.stop();
      volume.close();
      backing.freeze(false);
      try (Volume again = open(backing, cache, 7)) {
        new Blocking(again, "volume").read(2 * data.byteSize(), read);
        assertThat(read.mismatch(data)).isEqualTo(-1);
        again.stop();
      }
    }
  }
}
