package writeboost.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against an array with one entry for each block. */
class ZeroRangesTest {

  @Test
  void aNewerRunTakesFromOlderOnesWhatItCovers() {
    ZeroRanges ranges = new ZeroRanges();
    ranges.add(10, 30, 5);
    ranges.add(15, 20, 7);

    assertThat(ranges.find(9)).isEqualTo(ZeroRanges.NONE);
    assertThat(ranges.find(10)).isEqualTo(5);
    assertThat(ranges.find(15)).isEqualTo(7);
    assertThat(ranges.find(20)).isEqualTo(5);
    assertThat(ranges.find(30)).isEqualTo(ZeroRanges.NONE);
    ranges.remove(10, 30, 5);
    assertThat(ranges.find(14)).isEqualTo(ZeroRanges.NONE);
    assertThat(ranges.find(19)).isEqualTo(7);
    ranges.remove(15, 20, 7);
    assertThat(ranges.isEmpty()).isTrue();
  }

  @Test
  void aLargeRunTakesThePlaceOfManySmallOnes() {
    for (int first : new int[] {0, 1, 700, 26_000}) {
      ZeroRanges ranges = new ZeroRanges();
      for (int i = 0; i < 30_000; i++) {
        ranges.add(3L * i, 3L * i + 2, i);
      }
      assertThat(ranges.size()).isEqualTo(30_000);
      ranges.add(3L * first, 80_000, 30_000);
      int left = first + 1 + (30_000 - 26_667);
      assertThat(ranges.find(3L * first)).isEqualTo(30_000);
      assertThat(ranges.find(3L * first - 3)).isEqualTo(first == 0 ? ZeroRanges.NONE : first - 1);
      assertThat(ranges.find(79_999)).isEqualTo(30_000);
      assertThat(ranges.size()).as("from %d on", first).isEqualTo(left);
    }
  }

  @Test
  void anyRunsAnswerAsAnArrayDoes() {
    for (int seed = 0; seed < 60; seed++) {
      runs(new Random(seed), seed % 2 == 0 ? 200 : 40_000, seed % 3 == 0 ? 40 : 3000);
    }
  }

  private static void runs(Random random, int blocks, int count) {
    ZeroRanges ranges = new ZeroRanges();
    long[] expected = new long[blocks];
    Arrays.fill(expected, ZeroRanges.NONE);
    long[] from = new long[count];
    long[] to = new long[count];
    int oldest = 0;
    for (int position = 0; position < count; position++) {
      from[position] = random.nextInt(blocks);
      to[position] =
          Math.min(blocks, from[position] + 1 + random.nextInt(random.nextInt(blocks) / 8 + 4));
      ranges.add(from[position], to[position], position);
      Arrays.fill(expected, (int) from[position], (int) to[position], position);
      if (random.nextInt(3) == 0) {
        int gone = oldest++;
        ranges.remove(from[gone], to[gone], gone);
        for (int block = 0; block < blocks; block++) {
          expected[block] = expected[block] == gone ? ZeroRanges.NONE : expected[block];
        }
      }
      for (int i = 0; i < 4; i++) {
        int block = random.nextInt(blocks);
        assertThat(ranges.find(block)).isEqualTo(expected[block]);
      }
    }
    for (int block = 0; block < blocks; block++) {
      assertThat(ranges.find(block)).isEqualTo(expected[block]);
    }
    for (; oldest < count; oldest++) {
      ranges.remove(from[oldest], to[oldest], oldest);
    }
    assertThat(ranges.isEmpty()).isTrue();
    assertThat(ranges.size()).isZero();
  }
}
