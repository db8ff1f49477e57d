package writeboost.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import writeboost.device.Blocking;
import writeboost.device.MemoryDevice;
import writeboost.layout.Geometry;
import writeboost.volume.VolumeOptions;

/** What is kept of a cache, and what is not. */
final class HeadersOnlyDeviceTest {

  private static final long BYTES = 16 << 20;
  private static final int BLOCK = Geometry.BLOCK;

  @Test
  void whereverARequestBeginsItsHeadersAreKeptAndItsLinesAreNot() throws Exception {
    Geometry geometry = new Geometry(VolumeOptions.DEFAULT_ORDER, BYTES);
    long first = Geometry.SUPERBLOCK_REGION;
    long second = first + geometry.segmentBytes();
    try (Arena arena = Arena.ofShared();
        MemoryDevice kept = new MemoryDevice(BYTES);
        HeadersOnlyDevice device = new HeadersOnlyDevice(kept, geometry)) {
      Blocking cache = new Blocking(device, "cache");
      MemorySegment data = arena.allocate(second + 2L * BLOCK - first, BLOCK).fill((byte) 7);
      cache.write(0, data.asSlice(0, BLOCK));
      cache.write(first, data);
      MemorySegment read = arena.allocate(data.byteSize(), BLOCK);
      cache.read(first, read);
      assertThat(read.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
      assertThat(read.get(ValueLayout.JAVA_BYTE, BLOCK)).isZero();
      assertThat(read.get(ValueLayout.JAVA_BYTE, second - first)).isEqualTo((byte) 7);
      assertThat(read.get(ValueLayout.JAVA_BYTE, second - first + BLOCK)).isZero();
      cache.read(second - BLOCK, read.asSlice(0, 2L * BLOCK));
      assertThat(read.get(ValueLayout.JAVA_BYTE, 0)).isZero();
      assertThat(read.get(ValueLayout.JAVA_BYTE, BLOCK)).isEqualTo((byte) 7);
      cache.read(0, read.asSlice(0, BLOCK));
      assertThat(read.get(ValueLayout.JAVA_BYTE, BLOCK - 1)).isEqualTo((byte) 7);
    }
  }
}
