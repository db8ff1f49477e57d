package writeboost.layout;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Writes the 4 KiB in front of a segment's lines in layout v1; {@link LapHeaderView} reads them.
 * Stateless: the caller owns the memory. Allocates nothing.
 *
 * <pre>
 *         +0                  +8       +9
 *      0  | segment id        | length | lap          |
 *     13  | metablock 0: backing sector (8) | mask (1) | lap (4) |
 *     26  | metablock 1 ...
 *   3328  | 0 ... (the end of metablock 254; n is at most 255)
 * </pre>
 *
 * A metablock has 13 bytes, so some lie across two sectors (number 38 is the first), and a device
 * may write one half of them without the other. The lap is that of the segment id; a metablock
 * whose lap is another one was not written together with this header.
 */
public final class LapHeader {

  static final int ID_OFFSET = 0;
  static final int LENGTH_OFFSET = 8;
  static final int LAP_OFFSET = 9;

  static final int METABLOCKS_OFFSET = 13;
  static final int METABLOCK_BYTES = 13;

  /** Within a metablock. */
  static final int SECTOR_OFFSET = 0;

  static final int MASK_OFFSET = 8;
  static final int METABLOCK_LAP_OFFSET = 9;

  static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private LapHeader() {}

  /** Zeroes the 4 KiB: what a slot holds that no segment is in. */
  public static void clear(MemorySegment header, long headerOffset) {
    header.asSlice(headerOffset, Geometry.BLOCK).fill((byte) 0);
  }

  /**
   * Writes the fields in front of the metablocks.
   *
   * @param length lines that count
   * @param lap of {@link Geometry#lap} for this id; its low 32 bits are kept
   */
  public static void encode(
      MemorySegment header, long headerOffset, long id, int length, long lap) {
    header.set(LONG, headerOffset + ID_OFFSET, id);
    header.set(BYTE, headerOffset + LENGTH_OFFSET, (byte) length);
    header.set(INT, headerOffset + LAP_OFFSET, (int) lap);
  }

  /**
   * Writes metablock {@code i}.
   *
   * @param sector the backing sector where the line's block begins
   * @param sectorsMask bit k: sector k of the line is there
   */
  public static void encodeMetablock(
      MemorySegment header, long headerOffset, int i, long sector, int sectorsMask, long lap) {
    long at = metablock(headerOffset, i);
    header.set(LONG, at + SECTOR_OFFSET, sector);
    header.set(BYTE, at + MASK_OFFSET, (byte) sectorsMask);
    header.set(INT, at + METABLOCK_LAP_OFFSET, (int) lap);
  }

  static long metablock(long headerOffset, int i) {
    return headerOffset + METABLOCKS_OFFSET + (long) i * METABLOCK_BYTES;
  }
}
