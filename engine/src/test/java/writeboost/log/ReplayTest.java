package writeboost.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.index.ZeroRanges;
import writeboost.layout.Geometry;

/**
 * Partial lines of one block side by side, as layout v1 has them: in whatever batches they are
 * written back, each sector of the backing device must end, and stay, with its newest line.
 */
class ReplayTest {

  private static final int BLOCKS = 5;
  private static final int SEGMENTS = 20;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void eachSectorIsDirtyInItsNewestLineOnly(long seed) {
    Random random = new Random(seed);
    Geometry geometry = new Geometry(7, (2048L + SEGMENTS * 128L) * Geometry.SECTOR);
    try (Arena arena = Arena.ofConfined()) {
      long lines = geometry.lineCount();
      LineTable table = new LineTable(arena.allocate(LineTable.bytes(lines), 8), lines);
      BlockIndex index = new BlockIndex(table, arena.allocate(BlockIndex.bytes(lines), 8));
      SegmentRing ring =
          new SegmentRing(geometry, arena.allocate(SegmentRing.bytes(geometry), 8), Rules.ALL);
      Replay replay =
          new Replay(ring, table, index, new ZeroRanges(), BLOCKS * (long) Geometry.BLOCK);
      long[] newest = new long[BLOCKS * 8];
      Arrays.fill(newest, -1);
      int n = geometry.linesPerSegment();
      for (int id = 1; id <= SEGMENTS; id++) {
        replay.segment(id, n, 0);
        for (int i = 0; i < n; i++) {
          int block = random.nextInt(BLOCKS);
          int mask = random.nextInt(8) == 0 ? 255 : 1 << random.nextInt(8) | random.nextInt(256);
          replay.lineBesides(i, block * 8L, mask);
          for (int sector = 0; sector < 8; sector++) {
            if ((mask & 1 << sector) != 0) {
              newest[block * 8 + sector] = ring.position(id, i);
            }
          }
        }
      }
      assertDirty(newest, ring, table, replay.dirtyLines());
    }
  }

  private static void assertDirty(
      long[] newest, SegmentRing ring, LineTable table, long dirtyLines) {
    long[] dirty = new long[newest.length];
    Arrays.fill(dirty, -1);
    int count = 0;
    for (long position = 0; position < table.lines(); position++) {
      int line = ring.line(position);
      if (!table.has(line, LineTable.DIRTY)) {
        continue;
      }
      count++;
      for (int sector = 0; sector < 8; sector++) {
        if ((table.sectors(line) & 1 << sector) != 0) {
          int at = (int) table.block(line) * 8 + sector;
          assertThat(dirty[at]).as("sector %d is dirty twice", at).isEqualTo(-1);
          dirty[at] = position;
        }
      }
    }
    assertThat(dirty).isEqualTo(newest);
    assertThat(dirtyLines).isEqualTo(count);
  }
}
