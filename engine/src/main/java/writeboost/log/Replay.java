package writeboost.log;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.index.ZeroRanges;
import writeboost.layout.Geometry;

/**
 * Fills ring, line table and index from the log that a resume finds, segment by segment, oldest
 * first. Knows no layout: whoever reads the headers says what they mean. One thread, before the
 * core begins.
 */
final class Replay {

  private final SegmentRing ring;
  private final LineTable table;
  private final BlockIndex index;
  private final ZeroRanges zeroes;
  private final long backingBlocks;

  private long id;

  /** Of each block: older lines that hold sectors which no newer one has. */
  private final Map<Long, List<Integer>> besides = new TreeMap<>();

  private long dirtyLines;

  Replay(
      SegmentRing ring,
      LineTable table,
      BlockIndex index,
      ZeroRanges zeroes,
      long backingSizeBytes) {
    this.ring = ring;
    this.table = table;
    this.index = index;
    this.zeroes = zeroes;
    this.backingBlocks = (backingSizeBytes + Geometry.BLOCK - 1) / Geometry.BLOCK;
  }

  /** The lines that follow belong to this segment, which holds {@code length} of them. */
  void segment(long newId, int length, int incarnation) {
    id = newId;
    ring.restoreSegment(id, length, incarnation);
  }

  /** Whether a metablock may name this sector: the start of a block of the backing device. */
  boolean fits(long sector) {
    return sector >= 0
        && sector % Geometry.SECTORS_PER_BLOCK == 0
        && sector / Geometry.SECTORS_PER_BLOCK < backingBlocks;
  }

  /**
   * Line {@code i} of the segment is the newest of its block, and dirty; an older one no longer is.
   *
   * @param sector that {@link #fits}
   * @param crc what {@link LineCheck} compares with
   * @return the line that was the newest of its block until now, or {@link BlockIndex#NONE}
   */
  long line(int i, long sector, int sectors, boolean groupEnd, int lost, int crc) {
    long block = sector / Geometry.SECTORS_PER_BLOCK;
    int line = ring.line(ring.position(id, i));
    int flags = LineTable.DIRTY | (groupEnd ? LineTable.GROUP_END : 0);
    long older = index.find(block);
    table.set(line, block, sectors, flags, lost);
    table.setCrc(line, crc);
    dirtyLines++;
    if (older == BlockIndex.NONE) {
      index.insert(block, line);
    } else {
      index.replace(block, (int) older, line);
      if (table.has((int) older, LineTable.DIRTY)) {
        table.clearFlag((int) older, LineTable.DIRTY);
        dirtyLines--;
      }
    }
    return older;
  }

  /**
   * As {@link #line}, but older lines of the block stay dirty with the sectors that no newer one
   * has; those are written back too. Whether a block's lines come in one batch or in several, none
   * overwrites what a newer one has brought to the backing device.
   */
  void lineBesides(int i, long sector, int sectors) {
    long block = sector / Geometry.SECTORS_PER_BLOCK;
    long older = index.find(block);
    boolean dirty = older != BlockIndex.NONE && table.has((int) older, LineTable.DIRTY);
    line(i, sector, sectors, false, 0, 0);
    if (dirty && (table.sectors((int) older) & ~sectors) != 0) {
      table.setFlag((int) older, LineTable.DIRTY);
      dirtyLines++;
      besides.computeIfAbsent(block, unused -> new ArrayList<>()).add((int) older);
    }
    List<Integer> olderLines = besides.get(block);
    if (olderLines != null) {
      olderLines.removeIf(line -> !leave(line, table.sectors(line) & ~sectors));
      if (olderLines.isEmpty()) {
        besides.remove(block);
      }
    }
  }

  /** Leaves an older line these sectors only; false where that is none. */
  private boolean leave(int line, int sectors) {
    table.setSectors(line, sectors);
    if (sectors == 0) {
      table.clearFlag(line, LineTable.DIRTY);
      dirtyLines--;
    }
    return sectors != 0;
  }

  /** Whether the blocks of a run that begins at {@code sector} are blocks of the backing device. */
  boolean fits(long sector, int blocks) {
    return fits(sector) && sector / Geometry.SECTORS_PER_BLOCK <= backingBlocks - blocks;
  }

  /**
   * Line {@code i} of the segment is a run of zero blocks, newer than all lines so far; those stay
   * as they are.
   *
   * @param sector that {@link #fits(long, int)}
   */
  void zeroRun(int i, long sector, int blocks, boolean groupEnd, int crc) {
    long block = sector / Geometry.SECTORS_PER_BLOCK;
    long position = ring.position(id, i);
    int line = ring.line(position);
    table.setZeroRun(line, block, blocks, LineTable.DIRTY | (groupEnd ? LineTable.GROUP_END : 0));
    table.setCrc(line, crc);
    zeroes.add(block, block + blocks, position);
    dirtyLines++;
  }

  /** Lines that are to be written back. */
  long dirtyLines() {
    return dirtyLines;
  }
}
