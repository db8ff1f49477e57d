package writeboost.volume;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.DeviceFile;
import writeboost.device.FileDevice;
import writeboost.device.MemoryDevice;
import writeboost.layout.Formatter;

/** WRITE_ZEROES and TRIM: a few lines of the log however large they are, and zeroes for good. */
class ZeroRunsTest {

  private static final int BLOCK = 4096;
  private static final long GIB = 1L << 30;

  private static Volume open(BlockDevice backing, BlockDevice cache) throws IOException {
    VolumeOptions options =
        new VolumeOptions(7, false, 4 * (512L << 7), false, false, "cache", "backing");
    return Volume.open(backing, cache, options, Formatter.Progress.NONE);
  }

  @Test
  void zeroingAWholeLargeVolumeTakesAFewLinesAndReadsAsZeroesAtOnce(@TempDir Path folder)
      throws IOException {
    Path backingFile = folder.resolve("backing");
    try (Arena arena = Arena.ofShared();
        BlockDevice backing = sparse(backingFile, 4 * GIB);
        BlockDevice cache = new MemoryDevice(4 << 20)) {
      MemorySegment data = arena.allocate(BLOCK).fill((byte) 7);
      MemorySegment read = arena.allocate(64 * BLOCK);
      Blocking raw = new Blocking(backing, "backing");
      raw.write(3 * GIB, data);
      raw.flush();
      assertThat(allocatedBytes(backingFile)).isPositive();
      try (Volume volume = open(backing, cache)) {
        Blocking device = new Blocking(volume, "volume");
        device.write(GIB, data);
        long before = volume.snapshot().dirtyLines();
        device.writeZeroes(0, 4 * GIB, 0);
        assertThat(volume.snapshot().dirtyLines() - before).isBetween(0L, 4 * GIB >> 28);
        for (long offset : new long[] {0, GIB - 32 * BLOCK, 3 * GIB, 4 * GIB - read.byteSize()}) {
          device.read(offset, read.fill((byte) 1));
          assertThat(isZero(read)).as("at %d", offset).isTrue();
        }
        device.write(2 * GIB + 512, data.asSlice(0, 512));
        device.flush();
      }
      try (Volume volume = open(backing, cache)) {
        Blocking device = new Blocking(volume, "volume");
        device.read(2 * GIB, read);
        assertThat(isZero(read.asSlice(0, 512))).isTrue();
        assertThat(read.get(JAVA_BYTE, 512)).isEqualTo((byte) 7);
        assertThat(isZero(read.asSlice(1024))).isTrue();
        fillTheLog(device, arena);
        volume.stop();
      }
      raw.read(3 * GIB, read.fill((byte) 1));
      assertThat(isZero(read)).as("on the backing device").isTrue();
      assertThat(allocatedBytes(backingFile)).as("a hole instead of the GiBs").isLessThan(64 << 20);
      raw.read(2 * GIB, read);
      assertThat(read.get(JAVA_BYTE, 512)).isEqualTo((byte) 7);
    }
  }

  /** As much as the log holds, several times: all before it is written back. */
  private static void fillTheLog(Blocking device, Arena arena) throws IOException {
    MemorySegment large = arena.allocate(1 << 20).fill((byte) 3);
    for (int i = 0; i < 16; i++) {
      device.write(i * large.byteSize(), large);
    }
    device.flush();
  }

  private static BlockDevice sparse(Path file, long bytes) throws IOException {
    try (RandomAccessFile sized = new RandomAccessFile(file.toFile(), "rw")) {
      sized.setLength(bytes);
    }
    return new FileDevice(DeviceFile.open(file, false));
  }

  private static long allocatedBytes(Path file) throws IOException {
    Process stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
    return Long.parseLong(new String(stat.getInputStream().readAllBytes(), US_ASCII).strip()) * 512;
  }

  private static boolean isZero(MemorySegment memory) {
    return memory.mismatch(MemorySegment.ofArray(new byte[(int) memory.byteSize()])) == -1;
  }
}
