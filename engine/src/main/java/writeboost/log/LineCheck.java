package writeboost.log;

import java.lang.foreign.MemorySegment;
import writeboost.index.LineTable;
import writeboost.layout.Crc32c;
import writeboost.layout.Geometry;
import writeboost.layout.SegmentHeader;

/**
 * The CRC of a line that was read from the cache device. Any thread, while the line's slot is
 * pinned or not yet written back: what the check looks up does not change in that time.
 *
 * <p>The CRC covers the line's place and life as well as its data (DESIGN section 4), so a stale,
 * misplaced or flipped block fails. In a layout without line checksums every line passes.
 */
public final class LineCheck {

  private final Log log;
  private final long uuidHigh;
  private final long uuidLow;

  public LineCheck(Log log, long uuidHigh, long uuidLow) {
    this.log = log;
    this.uuidHigh = uuidHigh;
    this.uuidLow = uuidLow;
  }

  /**
   * Whether the 4096 bytes at {@code offset} are what was written as line {@code i} of segment
   * {@code id}.
   */
  public boolean isIntact(long id, int i, MemorySegment memory, long offset) {
    if (!log.layout.hasLineChecksums()) {
      return true;
    }
    LineTable table = log.table;
    int line = log.ring.line(log.ring.position(id, i));
    boolean zeroRun = table.has(line, LineTable.ZERO_RUN);
    int crc =
        SegmentHeader.lineCrc(
            uuidHigh,
            uuidLow,
            log.ring.incarnation(id),
            id,
            i,
            table.block(line) * Geometry.SECTORS_PER_BLOCK,
            table.sectors(line),
            zeroRun,
            table.has(line, LineTable.GROUP_END),
            zeroRun ? table.runBlocks(line) - 1 : table.lost(line),
            Crc32c.of(memory, offset, Geometry.BLOCK));
    return crc == table.crc(line) || !log.rules.hold(Rule.LINE_CRC);
  }
}
