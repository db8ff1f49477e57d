package writeboost.layout;

import static writeboost.layout.LapHeader.BYTE;
import static writeboost.layout.LapHeader.INT;
import static writeboost.layout.LapHeader.LONG;

import java.lang.foreign.MemorySegment;

/**
 * Reads the 4 KiB in front of a segment's lines in layout v1 as {@link LapHeader} draws them. Holds
 * no copy and can be laid over one header after the other; one thread at a time. Any bytes may be
 * looked at: nothing here throws because of what they are.
 */
public final class LapHeaderView {
  private MemorySegment memory = MemorySegment.NULL;
  private long at;

  /** Lays the view over the header at {@code headerOffset}. */
  public LapHeaderView over(MemorySegment header, long headerOffset) {
    memory = header;
    at = headerOffset;
    return this;
  }

  /** 0 if no segment is here. */
  public long id() {
    return memory.get(LONG, at + LapHeader.ID_OFFSET);
  }

  /** Lines that count, 0 .. 255; no more than a segment has only in a header that is whole. */
  public int length() {
    return memory.get(BYTE, at + LapHeader.LENGTH_OFFSET) & 0xFF;
  }

  /** The low 32 bits of the lap. */
  public int lap() {
    return memory.get(INT, at + LapHeader.LAP_OFFSET);
  }

  /** Whether this is the whole header of a segment that lives in {@code slot}. */
  public boolean isWhole(Geometry geometry, int slot) {
    return id() > 0
        && id() <= Geometry.MAXIMUM_ID
        && geometry.slot(id()) == slot
        && lap() == (int) geometry.lap(id())
        && length() <= geometry.linesPerSegment()
        && lapsAgree();
  }

  /** Whether the metablocks that count were written together with the header. */
  public boolean lapsAgree() {
    int lap = lap();
    for (int i = 0; i < length(); i++) {
      if (lap(i) != lap) {
        return false;
      }
    }
    return true;
  }

  /** The backing sector where the block of line {@code i} begins. */
  public long sector(int i) {
    return memory.get(LONG, LapHeader.metablock(at, i) + LapHeader.SECTOR_OFFSET);
  }

  /** Bit k: sector k of line {@code i} is there, and dirty; 0 of a line that is clean or unused. */
  public int mask(int i) {
    return memory.get(BYTE, LapHeader.metablock(at, i) + LapHeader.MASK_OFFSET) & 0xFF;
  }

  public int lap(int i) {
    return memory.get(INT, LapHeader.metablock(at, i) + LapHeader.METABLOCK_LAP_OFFSET);
  }
}
