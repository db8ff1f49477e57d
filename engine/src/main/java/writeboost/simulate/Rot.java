package writeboost.simulate;

import static writeboost.layout.Geometry.BLOCK;
import static writeboost.layout.Geometry.SECTOR;

import java.lang.foreign.MemorySegment;
import writeboost.layout.Geometry;
import writeboost.layout.RecordSector;
import writeboost.layout.SegmentHeaderView;

/**
 * One bit of the cache disk that is not what it was, and what that may cost: finds out where it
 * lies, and whether what lies there was known to be durable. One thread.
 *
 * <p>Rot that comes before the newest durable mark of all headers is told from a torn tail, so
 * nothing that was promised may be lost but that block. Rot behind it may pass for a tear, and cost
 * the end of the log.
 */
final class Rot {

  /** No block. */
  static final long NONE = -1;

  private static final int METABLOCK_BYTES = 16;

  /** Of the kinds of places: the first one in a line. */
  private static final int LINE = 4;

  private final Geometry geometry;
  private final MemorySegment image;
  private final SegmentHeaderView header = new SegmentHeaderView();
  private final Runnable undo;

  /** In a line whose metablock is sound beyond doubt, so that the damage is the line's alone. */
  private boolean inLine;

  private long block = NONE;
  private boolean behindMark;

  /** Lets a bit rot: of the superblock, the record, a header, a metablock or a line. */
  Rot(Chance chance, SimulatedDisk disk, Geometry geometry) {
    this(chance, disk, geometry, false);
  }

  /** As {@link #Rot}; in a line where {@code ofLine}. */
  Rot(Chance chance, SimulatedDisk disk, Geometry geometry, boolean ofLine) {
    this.geometry = geometry;
    image = disk.image();
    long offset = place(chance, ofLine ? LINE : chance.below(LINE + 4));
    long mark = mark(offset);
    behindMark = position(offset) >= mark;

    undo = disk.flip(offset, chance.below(8));
  }

  private long place(Chance chance, int kind) {
    int slot = chance.below(geometry.segmentCount());
    long segment = geometry.slotOffset(slot);
    int length = Math.max(1, lengthOf(segment));
    return switch (kind) {
      case 0 -> chance.below(SECTOR);
      case 1 -> Geometry.RECORD_OFFSET + chance.below(20);
      case 2 -> segment + chance.below(chance.oneIn(2) ? 16 : SECTOR); // id and length, or any
      case 3 -> segment + SECTOR + chance.below(METABLOCK_BYTES * length);
      default -> line(slot, chance.below(length), chance.below(BLOCK));
    };
  }

  private long line(int slot, int i, int within) {
    header.over(image, geometry.slotOffset(slot));
    boolean present = header.sectorOk() && header.id() != 0 && i < header.length();
    inLine = present && header.metablocksOk();
    if (present && !header.zeroRun(i)) {
      block = header.sector(i) / Geometry.SECTORS_PER_BLOCK;
    }
    return geometry.lineOffset(slot, i) + within;
  }

  private int lengthOf(long segment) {
    header.over(image, segment);
    return header.sectorOk() ? header.length() : 0;
  }

  /** The newest position of which a header outside the rot says that all before it is durable. */
  private long mark(long rotten) {
    long mark = 0;
    long record = RecordSector.decode(image.asSlice(Geometry.RECORD_BLOCK_OFFSET, BLOCK)).id();
    for (int slot = 0; slot < geometry.segmentCount(); slot++) {
      long segment = geometry.slotOffset(slot);
      header.over(image, segment);
      boolean rots = segment <= rotten && rotten < segment + SECTOR;
      if (header.sectorOk() && header.id() != 0 && !rots) {
        mark = Math.max(mark, positionOf(header.durableId(), header.durableLines()));
      }
    }
    return Math.max(mark, positionOf(record + 1, 0));
  }

  /** Of the line that a byte of the disk belongs to. */
  private long position(long offset) {
    if (offset < Geometry.SUPERBLOCK_REGION) {
      return 0;
    }
    long inLog = offset - Geometry.SUPERBLOCK_REGION;
    long segment = inLog / geometry.segmentBytes();
    header.over(image, geometry.slotOffset((int) segment));
    return positionOf(header.id(), line((int) (inLog % geometry.segmentBytes())));
  }

  /** The line that a byte of a segment belongs to; the first one for the first sector. */
  private static int line(int within) {
    if (within >= BLOCK) {
      return within / BLOCK - 1;
    }
    return Math.max(0, (within - SECTOR) / METABLOCK_BYTES);
  }

  private long positionOf(long id, int i) {
    return (id - 1) * geometry.linesPerSegment() + i;
  }

  /** Whether the end of the log may be missing, as if a crash had torn it. */
  boolean mayPassForATear() {
    return behindMark;
  }

  /** The block that may be answered with an error, or {@link #NONE}. */
  long block() {
    return block;
  }

  /** Whether all but a block must be there whatever happens. */
  boolean isOfDurableLine() {
    return inLine && block != NONE && !behindMark;
  }

  /** Whether a refusal is an answer: not where only a line has rotted. */
  boolean mayBeRefused() {
    return !inLine;
  }

  /** As if nothing had been. */
  void undo() {
    undo.run();
  }
}
