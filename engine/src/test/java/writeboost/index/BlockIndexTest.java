package writeboost.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class BlockIndexTest {

  /** Random operations against a map; blocks from a small and from a large range. */
  @Test
  void answersAsAMapDoes() {
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      int lines = 1 + random.nextInt(400);
      long blocks = seed % 2 == 0 ? lines : LineTable.MAXIMUM_BLOCKS;
      new Run(random, lines, blocks).run(4000, "seed " + seed);
    }
  }

  private static final class Run {
    final Random random;
    final long blocks;
    final LineTable table;
    final BlockIndex index;
    final TreeMap<Long, Integer> model = new TreeMap<>();
    final ArrayDeque<Integer> free = new ArrayDeque<>();

    Run(Random random, int lines, long blocks) {
      this.random = random;
      this.blocks = blocks;
      table = new LineTable(zeroes(LineTable.bytes(lines)), lines);
      index = new BlockIndex(table, zeroes(BlockIndex.bytes(lines)));
      for (int line = 0; line < lines; line++) {
        free.add(line);
      }
    }

    void run(int steps, String seed) {
      for (int step = 0; step < steps; step++) {
        if (random.nextInt(100) < 60 && !free.isEmpty()) {
          put(random.nextBoolean() ? someBlock() : random.nextLong(blocks));
        } else {
          remove(someBlock());
        }
        check(someBlock(), seed);
        check(random.nextLong(blocks), seed);
      }
      model.keySet().forEach(block -> check(block, seed));
    }

    private long someBlock() {
      if (model.isEmpty()) {
        return random.nextLong(blocks);
      }
      Long block = model.ceilingKey(random.nextLong(model.lastKey() + 1));
      return block == null ? model.lastKey() : block;
    }

    private void put(long block) {
      int line = free.remove();
      table.set(line, block, random.nextInt(), random.nextInt(), random.nextInt());
      table.setCrc(line, random.nextInt());
      Integer old = model.put(block, line);
      if (old == null) {
        index.insert(block, line);
      } else {
        index.replace(block, old, line);
        assertThat(index.isNewest(old)).isFalse();
        free.add(old);
      }
      assertThat(index.isNewest(line)).isTrue();
    }

    private void remove(long block) {
      Integer line = model.remove(block);
      if (line != null) {
        index.remove(line);
        assertThat(index.isNewest(line)).isFalse();
        free.add(line);
      }
    }

    private void check(long block, String seed) {
      Integer line = model.get(block);
      assertThat(index.find(block))
          .as("%s, block %d", seed, block)
          .isEqualTo(line == null ? BlockIndex.NONE : (long) line);
    }
  }

  @Test
  void refusesToTakeOutWhatIsNotThere() {
    LineTable table = new LineTable(zeroes(LineTable.bytes(8)), 8);
    BlockIndex index = new BlockIndex(table, zeroes(BlockIndex.bytes(8)));
    table.set(3, 77, 255, 0, 0);
    table.set(4, 77, 255, 0, 0);
    assertThatThrownBy(() -> index.remove(3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("line 3");
    index.insert(77, 3);
    assertThatThrownBy(() -> index.remove(4)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> index.insert(77, 4)).isInstanceOf(AssertionError.class);
  }

  /** Neighbouring blocks, and blocks a power of two apart, spread as well as random ones. */
  @Test
  void chainsStayShort() {
    int lines = 40_000;
    for (long stride : new long[] {1, 2, 8, 127, 1024, 1 << 15, 1 << 20, 25_000_001}) {
      LineTable table = new LineTable(zeroes(LineTable.bytes(lines)), lines);
      BlockIndex index = new BlockIndex(table, zeroes(BlockIndex.bytes(lines)));
      for (int line = 0; line < lines; line++) {
        table.set(line, line * stride, 255, 0, 0);
        index.insert(line * stride, line);
      }
      long steps = 0;
      for (int line = 0; line < lines; line++) {
        for (int link = line + 1; link != 0; link = table.next(link - 1)) {
          steps++;
        }
      }
      // The mean distance to the end of a random chain of load 8/3 is 1 + 8/6 = 2.33.
      assertThat((double) steps / lines).as("stride %d", stride).isLessThan(2.6);
    }
  }

  /** The target is 5 GiB of RAM per TiB of cache. */
  @Test
  void aLineCostsAtMost18Bytes() {
    for (long lines : new long[] {1000, 131_072, 127L << 21, 0xFFFF_FFFFL}) {
      double perLine = (double) (LineTable.bytes(lines) + BlockIndex.bytes(lines)) / lines;
      assertThat(perLine).as("%d lines", lines).isLessThanOrEqualTo(18);
    }
  }

  static MemorySegment zeroes(long bytes) {
    return MemorySegment.ofArray(new long[(int) ((bytes + 7) / 8)]);
  }
}
