package writeboost.layout;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The record: the last segment id that is written back, in sector 2047. Immutable: any thread.
 *
 * <pre>
 *   sector 2047   +0                +8                +16        +20
 *                 | segment id      | extension magic | CRC-32C  | 0 ...
 * </pre>
 *
 * The CRC covers the 16 bytes before it. Written as the 4 KiB that end the superblock region.
 *
 * @param state whether {@code id} can be believed
 * @param id the record; unsigned
 */
public record RecordSector(State state, long id) {

  /** What the bytes behind the id say about it. */
  public enum State {
    /** Ours and sound. */
    PRESENT,
    /** Not ours: fresh, or the kernel module's, which has nothing but the id. */
    ABSENT,
    /** Ours and wrong. */
    DAMAGED
  }

  /** "WBjavaRC" in a hex dump. */
  static final long EXTENSION_MAGIC = 0x43526176_616A4257L;

  /** From the start of the 4 KiB block that is written. */
  static final int SECTOR_OFFSET = Geometry.RECORD_OFFSET - Geometry.RECORD_BLOCK_OFFSET;

  static final int ID_OFFSET = SECTOR_OFFSET;
  static final int EXTENSION_MAGIC_OFFSET = SECTOR_OFFSET + 8;
  static final int CRC_OFFSET = SECTOR_OFFSET + 16;
  static final int EXTENSION_END = SECTOR_OFFSET + 32;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Whether this is a record of a cache of ours: as {@link #encode} writes it, or the zeroes that a
   * format leaves. An id without a CRC is not.
   */
  public boolean isOurs() {
    return state == State.PRESENT || state == State.ABSENT && id == 0;
  }

  /** Writes the last block of the superblock region. */
  public static void encode(MemorySegment block4096, long id) {
    block4096.asSlice(0, Geometry.BLOCK).fill((byte) 0);
    block4096.set(LONG, ID_OFFSET, id);
    block4096.set(LONG, EXTENSION_MAGIC_OFFSET, EXTENSION_MAGIC);
    block4096.set(INT, CRC_OFFSET, Crc32c.of(block4096, ID_OFFSET, CRC_OFFSET - ID_OFFSET));
  }

  /** The same as both generations of the kernel module have it: the id alone. */
  public static void encodeBare(MemorySegment block4096, long id) {
    block4096.asSlice(0, Geometry.BLOCK).fill((byte) 0);
    block4096.set(LONG, ID_OFFSET, id);
  }

  /** Reads the last block of the superblock region. */
  public static RecordSector decode(MemorySegment block4096) {
    long id = block4096.get(LONG, ID_OFFSET);
    if (Bytes.areZero(block4096, EXTENSION_MAGIC_OFFSET, EXTENSION_END)) {
      return new RecordSector(State.ABSENT, id);
    }
    boolean sound =
        block4096.get(LONG, EXTENSION_MAGIC_OFFSET) == EXTENSION_MAGIC
            && block4096.get(INT, CRC_OFFSET)
                == Crc32c.of(block4096, ID_OFFSET, CRC_OFFSET - ID_OFFSET);
    return new RecordSector(sound ? State.PRESENT : State.DAMAGED, id);
  }
}
