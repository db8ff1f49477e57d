package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class GeometryTest {
  private static final long MIB = 1L << 20;
  private static final long TIB = 1L << 40;

  @Test
  void countsWhatTheKernelModuleCounts() {
    // 2.2.17 on a cache of 8492 KiB: 14 segments, the tail unused.
    Geometry geometry = new Geometry(10, 8492 * 1024);
    assertThat(geometry.segmentCount()).isEqualTo(14);
    assertThat(geometry.linesPerSegment()).isEqualTo(127);
    assertThat(geometry.segmentBytes()).isEqualTo(524_288);
    assertThat(geometry.slotOffset(0)).isEqualTo(MIB);
    assertThat(geometry.slotOffset(13)).isEqualTo(MIB + 13 * 524_288);
    assertThat(geometry.lineOffset(13, 126)).isEqualTo(MIB + 14 * 524_288 - 4096);
    assertThat(geometry.logEnd()).isEqualTo(8 * MIB);
    assertThat(geometry.slot(154)).isEqualTo(13);
    assertThat(geometry.lap(154)).isEqualTo(11);
    assertThat(geometry.slot(1)).isZero();
    assertThat(geometry.lap(1)).isEqualTo(1);
    assertThat(geometry.window()).isEqualTo(13);
  }

  @Test
  void theWindowIs64OrWhatFits() {
    assertThat(new Geometry(10, Geometry.minimumCacheBytes(10)).window()).isEqualTo(1);
    assertThat(new Geometry(10, MIB + 64 * 524_288).window()).isEqualTo(63);
    assertThat(new Geometry(10, TIB).window()).isEqualTo(64);
    assertThat(new Geometry(10, TIB, 3).window()).isEqualTo(3);
  }

  @Test
  void theLargestCacheHasSegmentsAndLinesThatFit() {
    for (int order = Geometry.MINIMUM_ORDER; order <= Geometry.MAXIMUM_ORDER; order++) {
      Geometry geometry = new Geometry(order, 16 * TIB);
      assertThat(geometry.segmentCount()).as("order %d", order).isPositive();
      assertThat(geometry.lineCount()).as("order %d", order).isBetween(1L, (1L << 32) - 1);
      int last = geometry.segmentCount() - 1;
      assertThat(geometry.slotOffset(last) + geometry.segmentBytes()).isLessThanOrEqualTo(16 * TIB);
    }
  }

  @Test
  void lineNumbersGoThereAndBack() {
    Random random = new Random(1);
    for (int order = Geometry.MINIMUM_ORDER; order <= Geometry.MAXIMUM_ORDER; order++) {
      Geometry geometry = new Geometry(order, 16 * TIB);
      for (int round = 0; round < 200; round++) {
        int slot = random.nextInt(geometry.segmentCount());
        int i = random.nextInt(geometry.linesPerSegment());
        int line = geometry.line(slot, i);
        long exact = (long) slot * geometry.linesPerSegment() + i;
        assertThat(Integer.toUnsignedLong(line)).isEqualTo(exact);
        assertThat(geometry.slotOfLine(line)).isEqualTo(slot);
        assertThat(geometry.indexInSegment(line)).isEqualTo(i);
        assertThat(geometry.lineOffset(slot, i))
            .isEqualTo(geometry.slotOffset(slot) + 4096 + 4096L * i);
      }
    }
  }

  @Test
  void anyIdHasASlot() {
    Geometry geometry = new Geometry(10, MIB + 14 * 524_288);
    assertThat(geometry.slot(-1L)).isBetween(0, 13);
    assertThat(geometry.slot(0)).isBetween(0, 13);
    assertThat(geometry.slot(Long.MIN_VALUE)).isBetween(0, 13);
  }

  @Test
  void refusesWhatCannotBeUsedAndSaysWhy() {
    refused(() -> new Geometry(3, TIB), "order 3 is out of range: 4 to 11");
    refused(() -> new Geometry(12, TIB), "order 12 is out of range: 4 to 11");
    refused(() -> Geometry.minimumCacheBytes(64), "order 64 is out of range");
    refused(() -> new Geometry(10, 2 * MIB - 1), "too small for order 10: at least 2097152 bytes");
    refused(() -> new Geometry(10, -1), "too small");
    refused(() -> new Geometry(10, 16 * TIB + 512), "too large: at most 16 TiB");
    refused(() -> new Geometry(10, Long.MAX_VALUE), "too large: at most 16 TiB");
    refused(() -> new Geometry(10, 2 * MIB, 2), "window of 2 segments does not fit a cache of 2");
    refused(() -> new Geometry(10, 2 * MIB, 0), "window of 0");
    assertThat(new Geometry(10, 2 * MIB).segmentCount()).isEqualTo(2);
  }

  private static void refused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String why) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(why);
  }
}
