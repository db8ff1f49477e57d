package writeboost.writeback;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A plan writes, for every sector, what the newest line says; in one ascending sweep; merged as far
 * as it goes.
 */
class WritebackPlanTest {

  private static final int BLOCKS = 40;
  private static final int EXTENT_BLOCKS = 5;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void writesTheNewestOfEverySectorInOneSweep(long seed) {
    Random random = new Random(seed);
    WritebackPlan plan = new WritebackPlan();
    for (int round = 0; round < 200; round++) {
      long[] newest = new long[BLOCKS * 8];
      plan.clear();
      int lines = random.nextInt(120);
      for (int line = 1; line <= lines; line++) {
        int block = random.nextInt(BLOCKS);
        int mask = random.nextInt(3) == 0 ? 1 + random.nextInt(255) : 255;
        plan.add(block, mask, line);
        for (int sector = 0; sector < 8; sector++) {
          if ((mask & 1 << sector) != 0) {
            newest[block * 8 + sector] = line;
          }
        }
      }
      plan.sort(EXTENT_BLOCKS);
      assertThat(carryOut(plan, newest)).as("seed %d round %d", seed, round).isEqualTo(newest);
    }
  }

  /** Which line wrote each sector; checks the order and the shape of the extents on the way. */
  private static long[] carryOut(WritebackPlan plan, long[] newest) {
    long[] written = new long[BLOCKS * 8];
    long lastBlock = 0;
    long previousEnd = -1;
    boolean previousWhole = false;
    while (plan.next()) {
      long first = plan.firstSector();
      assertThat(first / 8).isGreaterThanOrEqualTo(lastBlock);
      lastBlock = (first + plan.sectors() - 1) / 8;
      assertThat(plan.extentLines()).isLessThanOrEqualTo(EXTENT_BLOCKS);
      boolean whole = plan.sectors() % 8 == 0 && plan.fromSector() == 0;
      assertThat(first == previousEnd && whole && previousWhole)
          .as("neighbours at %d that were not merged", first)
          .isFalse();
      for (int i = 0; i < plan.sectors(); i++) {
        int line = (plan.fromSector() + i) / 8;
        written[(int) first + i] = plan.source(line);
      }
      assertFoundWhole(plan, newest, written);
      previousEnd = first + plan.sectors();
      previousWhole = whole && plan.extentLines() < EXTENT_BLOCKS;
      assertThat(plan.fromSector()).isEqualTo((int) (first % 8));
    }
    assertThat(plan.isAtEnd()).isTrue();
    assertThat(plan.found()).isEqualTo(plan.lines());
    return written;
  }

  /** Of the lines that count as found, nothing is missing. */
  private static void assertFoundWhole(WritebackPlan plan, long[] newest, long[] written) {
    for (int i = 0; i < plan.found(); i++) {
      for (int sector = 0; sector < newest.length; sector++) {
        if (newest[sector] == plan.sourceOf(i)) {
          assertThat(written[sector]).isEqualTo(newest[sector]);
        }
      }
    }
  }

  @Test
  void zeroRunsThatTouchBecomeOneRangeAndTheOrderIsAscending() {
    WritebackPlan plan = new WritebackPlan();
    plan.addZeroRun(50, 10, 0);
    plan.addZeroRun(10, 5, 0);
    plan.addZeroRun(12, 20, 0);
    plan.addZeroRun(60, 65_536, 0);
    plan.addZeroRun(20, 2, 0);
    plan.sort(EXTENT_BLOCKS);

    assertThat(plan.nextZeroRange()).isTrue();
    assertThat(plan.zeroFrom()).isEqualTo(10);
    assertThat(plan.zeroTo()).isEqualTo(32);
    assertThat(plan.nextZeroRange()).isTrue();
    assertThat(plan.zeroFrom()).isEqualTo(50);
    assertThat(plan.zeroTo()).isEqualTo(65_596);
    assertThat(plan.nextZeroRange()).isFalse();
    plan.clear();
    plan.sort(EXTENT_BLOCKS);
    assertThat(plan.nextZeroRange()).isFalse();
  }

  @Test
  void aDeviceOfZeroesIsZeroedInPieces() {
    WritebackPlan plan = new WritebackPlan();
    long blocks = 5L * WritebackPlan.ZERO_BLOCKS_MAX + 7;
    for (long block = 0; block < blocks; block += 65_536) {
      plan.addZeroRun(block, (int) Math.min(65_536, blocks - block), 0);
    }
    plan.sort(EXTENT_BLOCKS);
    long zeroed = 0;
    while (plan.nextZeroRange()) {
      assertThat(plan.zeroFrom()).isEqualTo(zeroed);
      assertThat(plan.zeroTo() - plan.zeroFrom()).isBetween(1L, 2L * WritebackPlan.ZERO_BLOCKS_MAX);
      zeroed = plan.zeroTo();
    }
    assertThat(zeroed).isEqualTo(blocks);
  }
}
