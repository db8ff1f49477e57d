package writeboost.layout;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Writes the 4 KiB in front of a segment's lines in layout v2; {@link SegmentHeaderView} reads
 * them. Stateless: the caller owns the memory. Allocates nothing.
 *
 * <pre>
 *          +0        +4        +8        +12       +16       +20       +24
 *       0  | segment id        | checks. | length  | extension magic   | cache UUID ...
 *      32  |  ... cache UUID   | incarn. | flags   | durable id        | lines   | metab.  |
 *      64  |  ... 0
 *     480  |  ... 0                                                             | sector  |
 *     512  | metablock 0                           | metablock 1
 *    2544  | 0 ... (the end of metablock 126; n is at most 127)
 *
 *   metablock  +0                +8     +9     +10        +12
 *              | backing sector  | mask | bits | lost/run | line CRC |
 * </pre>
 *
 * <ul>
 *   <li>checks.: CRC-32C over bytes 512 .. 4096 + 4096 * length of the segment. With id and length
 *       it is all that the kernel module looks at.
 *   <li>metab.: CRC-32C over the first {@code length} metablocks. sector: CRC-32C over bytes 0 ..
 *       508 of the header.
 *   <li>line CRC: CRC-32C over UUID, incarnation, id, i (32 bits), bytes 0 .. 12 of the metablock,
 *       and the line. So a line is good at one place of one generation of one cache only.
 * </ul>
 *
 * The UUID stands in the order in which it is printed; all else is little-endian.
 */
public final class SegmentHeader {

  /** "WBjavaSG" in a hex dump. */
  static final long EXTENSION_MAGIC = 0x47536176_616A4257L;

  static final int ID_OFFSET = 0;
  static final int CHECKSUM_OFFSET = 8;
  static final int LENGTH_OFFSET = 12;
  static final int EXTENSION_MAGIC_OFFSET = 16;
  static final int UUID_OFFSET = 24;
  static final int INCARNATION_OFFSET = 40;
  static final int FLAGS_OFFSET = 44;
  static final int DURABLE_ID_OFFSET = 48;
  static final int DURABLE_LINES_OFFSET = 56;
  static final int METABLOCKS_CRC_OFFSET = 60;
  static final int SECTOR_CRC_OFFSET = 508;

  static final int METABLOCKS_OFFSET = 512;
  static final int METABLOCK_BYTES = 16;
  static final int MAXIMUM_LENGTH = 127;

  /** Within a metablock. */
  static final int SECTOR_OFFSET = 0;

  static final int MASK_OFFSET = 8;
  static final int BITS_OFFSET = 9;
  static final int LOST_OFFSET = 10;
  static final int LINE_CRC_OFFSET = 12;

  /** In the flags: this is the last header that its segment gets. */
  static final int CLOSED = 1;

  /** In a metablock's bits: a run of zero blocks instead of a line. */
  static final int ZERO_RUN = 1;

  /** In a metablock's bits: the last line of its group. */
  static final int GROUP_END = 0x80;

  static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
  static final ValueLayout.OfLong AS_PRINTED =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);

  private SegmentHeader() {}

  /**
   * Zeroes the 4 KiB: an empty header to begin a segment with, and what an invalidated slot holds.
   */
  public static void clear(MemorySegment header, long headerOffset) {
    header.asSlice(headerOffset, Geometry.BLOCK).fill((byte) 0);
  }

  /**
   * Writes all of metablock {@code i} but its line CRC, which stays what it was.
   *
   * @param sector the backing sector where the line's block begins
   * @param sectorsMask bit i: sector i of the line is there
   * @param groupEnd this line is the last one of its group
   * @param lostOrRun of a data line the mask of lost sectors, of a zero run its blocks - 1
   */
  public static void encodeMetablock(
      MemorySegment header,
      long headerOffset,
      int i,
      long sector,
      int sectorsMask,
      boolean zeroRun,
      boolean groupEnd,
      int lostOrRun) {
    long at = metablock(headerOffset, i);
    header.set(LONG, at + SECTOR_OFFSET, sector);
    header.set(INT, at + MASK_OFFSET, rest(sectorsMask, zeroRun, groupEnd, lostOrRun));
  }

  /** Bytes 8 .. 12 of a metablock. */
  private static int rest(int sectorsMask, boolean zeroRun, boolean groupEnd, int lostOrRun) {
    int bits = (zeroRun ? ZERO_RUN : 0) | (groupEnd ? GROUP_END : 0);
    return sectorsMask & 0xFF | bits << 8 | lostOrRun << 16;
  }

  /**
   * Makes line {@code i} the last one of its group. Its line CRC covers this: mark first, sum
   * afterwards.
   */
  public static void markGroupEnd(MemorySegment header, long headerOffset, int i) {
    long at = metablock(headerOffset, i) + BITS_OFFSET;
    header.set(BYTE, at, (byte) (header.get(BYTE, at) | GROUP_END));
  }

  /**
   * The line CRC of line {@code i}, whose metablock is written and whose 4 KiB sum up to {@code
   * dataCrc}.
   */
  public static int lineCrc(
      long uuidHigh,
      long uuidLow,
      int incarnation,
      long id,
      int i,
      MemorySegment header,
      long headerOffset,
      int dataCrc) {
    int seed = lineCrcSeed(uuidHigh, uuidLow, incarnation, id);
    return lineCrc(seed, i, header, headerOffset, dataCrc);
  }

  /** The same, with what {@link #lineCrcSeed} has summed for the whole segment. */
  public static int lineCrc(int seed, int i, MemorySegment header, long headerOffset, int dataCrc) {
    long at = metablock(headerOffset, i);
    long sector = header.get(LONG, at + SECTOR_OFFSET);
    int rest = header.get(INT, at + MASK_OFFSET);
    return lineCrc(seed, i, sector, rest, dataCrc);
  }

  /** The same for a line whose metablock is given by its fields. */
  public static int lineCrc(
      long uuidHigh,
      long uuidLow,
      int incarnation,
      long id,
      int i,
      long sector,
      int sectorsMask,
      boolean zeroRun,
      boolean groupEnd,
      int lostOrRun,
      int dataCrc) {
    int rest = rest(sectorsMask, zeroRun, groupEnd, lostOrRun);
    return lineCrc(lineCrcSeed(uuidHigh, uuidLow, incarnation, id), i, sector, rest, dataCrc);
  }

  /** What the CRCs of all lines of a segment begin with, as a running value. */
  public static int lineCrcSeed(long uuidHigh, long uuidLow, int incarnation, long id) {
    int running = Crc32c.appendLong(~0, Long.reverseBytes(uuidHigh));
    running = Crc32c.appendLong(running, Long.reverseBytes(uuidLow));
    running = Crc32c.appendInt(running, incarnation);
    return Crc32c.appendLong(running, id);
  }

  private static int lineCrc(int seed, int i, long sector, int rest, int dataCrc) {
    int running = Crc32c.appendInt(seed, i);
    running = Crc32c.appendLong(running, sector);
    running = Crc32c.appendInt(running, rest);
    return Crc32c.combineBlock(~running, dataCrc);
  }

  public static void setLineCrc(MemorySegment header, long headerOffset, int i, int lineCrc) {
    header.set(INT, metablock(headerOffset, i) + LINE_CRC_OFFSET, lineCrc);
  }

  /**
   * Writes the first sector over finished metablocks; nothing of the header changes afterwards
   * until the next call. What lies behind the metablocks, and the rest of the first sector, must be
   * zero.
   *
   * @param length lines that count
   * @param closed the segment gets no header after this one
   * @param durableId with {@code durableLines}: everything before that line of that segment is
   *     durable already
   * @param dataCrc CRC of the first {@code length} lines, one after the other; 0 if there is none
   */
  public static void seal(
      MemorySegment header,
      long headerOffset,
      long id,
      int length,
      long uuidHigh,
      long uuidLow,
      int incarnation,
      boolean closed,
      long durableId,
      int durableLines,
      int dataCrc) {
    header.set(LONG, headerOffset + ID_OFFSET, id);
    header.set(
        INT,
        headerOffset + CHECKSUM_OFFSET,
        segmentChecksum(header, headerOffset, length, dataCrc));
    header.set(INT, headerOffset + LENGTH_OFFSET, length);
    header.set(LONG, headerOffset + EXTENSION_MAGIC_OFFSET, EXTENSION_MAGIC);
    header.set(AS_PRINTED, headerOffset + UUID_OFFSET, uuidHigh);
    header.set(AS_PRINTED, headerOffset + UUID_OFFSET + 8, uuidLow);
    header.set(INT, headerOffset + INCARNATION_OFFSET, incarnation);
    header.set(INT, headerOffset + FLAGS_OFFSET, closed ? CLOSED : 0);
    header.set(LONG, headerOffset + DURABLE_ID_OFFSET, durableId);
    header.set(INT, headerOffset + DURABLE_LINES_OFFSET, durableLines);
    header.set(
        INT, headerOffset + METABLOCKS_CRC_OFFSET, metablocksCrc(header, headerOffset, length));
    header.set(
        INT, headerOffset + SECTOR_CRC_OFFSET, Crc32c.of(header, headerOffset, SECTOR_CRC_OFFSET));
  }

  /** Writes the whole header of a closed segment without lines. */
  public static void encodeEmpty(
      MemorySegment header,
      long headerOffset,
      long id,
      long uuidHigh,
      long uuidLow,
      int incarnation,
      long durableId,
      int durableLines) {
    clear(header, headerOffset);
    seal(
        header,
        headerOffset,
        id,
        0,
        uuidHigh,
        uuidLow,
        incarnation,
        true,
        durableId,
        durableLines,
        0);
  }

  /**
   * The checksum that both generations of v2 keep: of the header behind its first sector, and the
   * lines.
   */
  public static int segmentChecksum(
      MemorySegment header, long headerOffset, int length, int dataCrc) {
    int headerCrc =
        Crc32c.of(header, headerOffset + METABLOCKS_OFFSET, Geometry.BLOCK - METABLOCKS_OFFSET);
    return Crc32c.combine(headerCrc, dataCrc, (long) length * Geometry.BLOCK);
  }

  /** Bytes from the start of a header to the end of its first {@code length} metablocks. */
  public static long metablocksEnd(int length) {
    return metablock(0, length);
  }

  static int metablocksCrc(MemorySegment header, long headerOffset, int length) {
    return Crc32c.of(header, headerOffset + METABLOCKS_OFFSET, (long) length * METABLOCK_BYTES);
  }

  static long metablock(long headerOffset, int i) {
    return headerOffset + METABLOCKS_OFFSET + (long) i * METABLOCK_BYTES;
  }
}
