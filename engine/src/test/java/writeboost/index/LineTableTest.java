package writeboost.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class LineTableTest {

  /**
   * Each field keeps what was last put into it, whatever is done to the others and to its
   * neighbours.
   */
  @Test
  void fieldsDoNotTouchEachOther() {
    for (int seed = 0; seed < 40; seed++) {
      Random random = new Random(seed);
      int lines = 1 + random.nextInt(20);
      LineTable table = new LineTable(BlockIndexTest.zeroes(LineTable.bytes(lines)), lines);
      long[][] model = new long[lines][6];
      for (int step = 0; step < 2000; step++) {
        int line = random.nextInt(lines);
        change(table, line, model[line], random);
        for (int each = 0; each < lines; each++) {
          assertThat(fields(table, each))
              .as("seed %d step %d line %d", seed, step, each)
              .isEqualTo(model[each]);
        }
      }
    }
  }

  private static void change(LineTable table, int line, long[] model, Random random) {
    int value = random.nextInt(256);
    switch (random.nextInt(7)) {
      case 0 -> {
        model[0] = random.nextLong(LineTable.MAXIMUM_BLOCKS);
        model[1] = value;
        model[2] = random.nextInt(256);
        model[3] = random.nextInt(256);
        table.set(line, model[0], (int) model[1], (int) model[2], (int) model[3]);
      }
      case 1 -> table.setSectors(line, (int) (model[1] = value));
      case 2 -> {
        model[2] |= value;
        table.setFlag(line, value);
      }
      case 3 -> {
        model[2] &= ~value;
        table.clearFlag(line, value);
      }
      case 4 -> table.setLost(line, (int) (model[3] = value));
      case 5 -> table.setCrc(line, (int) (model[4] = random.nextInt()));
      default -> table.setNext(line, (int) (model[5] = random.nextInt()));
    }
    assertThat(table.has(line, value)).isEqualTo((model[2] & value) != 0);
  }

  private static long[] fields(LineTable table, int line) {
    return new long[] {
      table.block(line),
      table.sectors(line),
      table.flags(line),
      table.lost(line),
      table.crc(line),
      table.next(line)
    };
  }

  @Test
  void blocksBeyond40BitsAreRefused() {
    LineTable table = new LineTable(BlockIndexTest.zeroes(LineTable.bytes(1)), 1);
    assertThatThrownBy(() -> table.set(0, LineTable.MAXIMUM_BLOCKS, 255, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> table.set(0, -1, 255, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void linesOutsideTheTableAreRefused() {
    LineTable table = new LineTable(BlockIndexTest.zeroes(LineTable.bytes(3)), 3);
    assertThatThrownBy(() -> table.set(3, 1, 255, 0, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> table.crc(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> new LineTable(BlockIndexTest.zeroes(16), 1L << 32))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
