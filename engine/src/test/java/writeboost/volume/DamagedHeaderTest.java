package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.MemoryDevice;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.UnusableCacheException;

/** A damaged header must not pass for the end of the log. */
class DamagedHeaderTest {

  private static final int ORDER = 4;
  private static final int SEGMENTS = 20;

  /**
   * The headers behind it know that it was durable; and where there are none, a torn sector does
   * not look like this.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, SEGMENTS})
  void isRefused(int id) throws IOException {
    try (BlockDevice backing = new MemoryDevice(1 << 20);
        BlockDevice cache = new MemoryDevice(2 << 20);
        Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(Geometry.BLOCK);
      try (Volume volume = open(backing, cache)) {
        Blocking device = new Blocking(volume, "volume");
        for (int i = 0; i < SEGMENTS; i++) {
          device.write((long) i * Geometry.BLOCK, data.fill((byte) i));
          device.flush();
        }
      }
      Blocking device = new Blocking(cache, "cache");
      long header = new Geometry(ORDER, cache.size()).slotOffset(id - 1);
      device.read(header, data);
      data.set(ValueLayout.JAVA_BYTE, 300, (byte) 1);
      device.write(header, data);
      assertThatThrownBy(() -> open(backing, cache))
          .isInstanceOf(UnusableCacheException.class)
          .hasMessageContaining("segment " + id);
    }
  }

  private static Volume open(BlockDevice backing, BlockDevice cache) throws IOException {
    VolumeOptions options =
        new VolumeOptions(ORDER, false, 1 << 16, false, false, "cache", "backing");
    return Volume.open(backing, cache, options, Formatter.Progress.NONE);
  }
}
