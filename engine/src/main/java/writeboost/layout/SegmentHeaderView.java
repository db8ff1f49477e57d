package writeboost.layout;

import static writeboost.layout.SegmentHeader.AS_PRINTED;
import static writeboost.layout.SegmentHeader.BYTE;
import static writeboost.layout.SegmentHeader.INT;
import static writeboost.layout.SegmentHeader.LONG;
import static writeboost.layout.SegmentHeader.SHORT;

import java.lang.foreign.MemorySegment;

/**
 * Reads the 4 KiB in front of a segment's lines in layout v2 as {@link SegmentHeader} draws them.
 * Holds no copy and can be laid over one header after the other; one thread at a time. Any bytes
 * may be looked at: nothing here throws because of what they are.
 */
public final class SegmentHeaderView {
  private MemorySegment memory = MemorySegment.NULL;
  private long at;

  /** Lays the view over the header at {@code headerOffset}. */
  public SegmentHeaderView over(MemorySegment header, long headerOffset) {
    memory = header;
    at = headerOffset;
    return this;
  }

  /**
   * Our extension with this UUID, over a first sector that is sound; its length can be believed.
   */
  public boolean isOurs(long uuidHigh, long uuidLow) {
    return hasExtension()
        && memory.get(AS_PRINTED, at + SegmentHeader.UUID_OFFSET) == uuidHigh
        && memory.get(AS_PRINTED, at + SegmentHeader.UUID_OFFSET + 8) == uuidLow
        && sectorOk();
  }

  /** Written by us, for whichever cache, and perhaps damaged. */
  public boolean hasExtension() {
    return memory.get(LONG, at + SegmentHeader.EXTENSION_MAGIC_OFFSET)
        == SegmentHeader.EXTENSION_MAGIC;
  }

  /** Holds an id, and nothing that the kernel module would not write. */
  public boolean isPlain() {
    return id() != 0
        && Bytes.areZero(memory, at + SegmentHeader.LENGTH_OFFSET + 1, at + Geometry.SECTOR);
  }

  /** The CRC of the first sector is right, and its length is one that a segment can have. */
  public boolean sectorOk() {
    return length() <= SegmentHeader.MAXIMUM_LENGTH
        && memory.get(INT, at + SegmentHeader.SECTOR_CRC_OFFSET)
            == Crc32c.of(memory, at, SegmentHeader.SECTOR_CRC_OFFSET);
  }

  /** 0 if the slot was never written. */
  public long id() {
    return memory.get(LONG, at + SegmentHeader.ID_OFFSET);
  }

  /** Lines that count: 0 .. 255 in unchecked bytes, at most 127 in a sound header. */
  public int length() {
    return memory.get(BYTE, at + SegmentHeader.LENGTH_OFFSET) & 0xFF;
  }

  public int checksum() {
    return memory.get(INT, at + SegmentHeader.CHECKSUM_OFFSET);
  }

  public int incarnation() {
    return memory.get(INT, at + SegmentHeader.INCARNATION_OFFSET);
  }

  public boolean closed() {
    return (memory.get(INT, at + SegmentHeader.FLAGS_OFFSET) & SegmentHeader.CLOSED) != 0;
  }

  /** With {@link #durableLines}: what was durable before this header was built. */
  public long durableId() {
    return memory.get(LONG, at + SegmentHeader.DURABLE_ID_OFFSET);
  }

  public int durableLines() {
    return memory.get(INT, at + SegmentHeader.DURABLE_LINES_OFFSET);
  }

  /** The CRC over the metablocks that count is right. */
  public boolean metablocksOk() {
    int length = length();
    return length <= SegmentHeader.MAXIMUM_LENGTH
        && memory.get(INT, at + SegmentHeader.METABLOCKS_CRC_OFFSET)
            == SegmentHeader.metablocksCrc(memory, at, length);
  }

  /**
   * The checksum of both generations is right for lines whose CRC, one after the other, is {@code
   * dataCrc}.
   */
  public boolean checksumOk(int dataCrc) {
    return length() <= SegmentHeader.MAXIMUM_LENGTH
        && checksum() == SegmentHeader.segmentChecksum(memory, at, length(), dataCrc);
  }

  /** The backing sector where the block of line {@code i} begins. */
  public long sector(int i) {
    return memory.get(LONG, metablock(i) + SegmentHeader.SECTOR_OFFSET);
  }

  /** Bit k: sector k of line {@code i} is there. */
  public int mask(int i) {
    return memory.get(BYTE, metablock(i) + SegmentHeader.MASK_OFFSET) & 0xFF;
  }

  public boolean zeroRun(int i) {
    return (memory.get(BYTE, metablock(i) + SegmentHeader.BITS_OFFSET) & SegmentHeader.ZERO_RUN)
        != 0;
  }

  /** Line {@code i} is the last one of its group. */
  public boolean groupEnd(int i) {
    return (memory.get(BYTE, metablock(i) + SegmentHeader.BITS_OFFSET) & SegmentHeader.GROUP_END)
        != 0;
  }

  /** Of a data line: the mask of its lost sectors. */
  public int lost(int i) {
    return memory.get(BYTE, metablock(i) + SegmentHeader.LOST_OFFSET) & 0xFF;
  }

  /** Of a zero run: its blocks. */
  public int runBlocks(int i) {
    return (memory.get(SHORT, metablock(i) + SegmentHeader.LOST_OFFSET) & 0xFFFF) + 1;
  }

  /** Metablock {@code i} has no bits but those that this version writes. */
  public boolean isKnown(int i) {
    int rest = memory.get(INT, metablock(i) + SegmentHeader.MASK_OFFSET);
    int bits = rest >>> 8 & 0xFF & ~(SegmentHeader.ZERO_RUN | SegmentHeader.GROUP_END);
    return bits == 0 && (zeroRun(i) ? mask(i) == 0xFF : rest >>> 24 == 0);
  }

  public int lineCrc(int i) {
    return memory.get(INT, metablock(i) + SegmentHeader.LINE_CRC_OFFSET);
  }

  /**
   * The CRC that the 4 KiB of line {@code i} must have by themselves: the line CRC without the part
   * that says which line it is. The first sector has to be ours.
   */
  public int dataCrc(int i) {
    // A line CRC is a function of the identity, exclusive-or the CRC of the data: doing it again
    // takes the identity off.
    return lineCrc(i, lineCrc(i));
  }

  /** The line CRC is right for 4 KiB that sum up to {@code dataCrc}. As {@link #dataCrc}. */
  public boolean lineOk(int i, int dataCrc) {
    return lineCrc(i) == lineCrc(i, dataCrc);
  }

  private int lineCrc(int i, int dataCrc) {
    long uuidHigh = memory.get(AS_PRINTED, at + SegmentHeader.UUID_OFFSET);
    long uuidLow = memory.get(AS_PRINTED, at + SegmentHeader.UUID_OFFSET + 8);
    return SegmentHeader.lineCrc(uuidHigh, uuidLow, incarnation(), id(), i, memory, at, dataCrc);
  }

  private long metablock(int i) {
    return SegmentHeader.metablock(at, i);
  }
}
