package writeboost.layout;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * CRC-32C (Castagnoli) of memory, and of concatenations whose parts are already summed. Stateless:
 * any thread.
 *
 * <p>A CRC is a polynomial over GF(2) modulo a fixed one. Appending bytes multiplies what is there
 * by a power of x, so {@code crc(A then B) = crc(A) * x^(8 * length of B) + crc(B)}. For whole
 * blocks the multiplication is four table look-ups. Polynomials are held with their bits reflected:
 * bit 31 is the coefficient of x^0.
 */
public final class Crc32c {
  /** The Castagnoli polynomial without its x^32, reflected. */
  private static final int POLYNOMIAL = 0x82F63B78;

  private static final int BLOCK_BYTES = 4096;

  /**
   * Most blocks that a segment of any order holds, hence the longest append that is worth tables: 8
   * powers of two.
   */
  private static final int BLOCK_POWERS = 8;

  /** {@code POWERS[k]} is x^(2^k). */
  private static final int[] POWERS = powers();

  /**
   * {@code APPEND_BLOCKS[j]} multiplies by x^(8 * 4096 * 2^j): 4 tables of 256, one for each byte
   * of the factor.
   */
  private static final int[][] APPEND_BLOCKS = appendBlocks();

  private static final int[] APPEND_BLOCK = APPEND_BLOCKS[0];

  /** Eight tables of 256: table k is the effect of a byte that has k more bytes behind it. */
  private static final int[] BYTES = byteTables();

  private Crc32c() {}

  /**
   * The CRC of {@code length} bytes from {@code offset} on. Allocates nothing once compiled;
   * cheapest on memory that is never freed.
   */
  public static int of(MemorySegment memory, long offset, long length) {
    CRC32C crc = new CRC32C();
    crc.update(memory.asSlice(offset, length).asByteBuffer());
    return (int) crc.getValue();
  }

  /** The same over a view that the caller keeps for itself; its position and limit are moved. */
  public static int of(ByteBuffer view, int offset, int length) {
    view.limit(offset + length).position(offset);
    CRC32C crc = new CRC32C();
    crc.update(view);
    return (int) crc.getValue();
  }

  /** The CRC of A followed by B, from the CRC of each and the length of B in bytes. */
  public static int combine(int crcA, int crcB, long lengthB) {
    if (lengthB < 0) {
      throw new IllegalArgumentException("length " + lengthB + " is negative");
    }
    if (lengthB % BLOCK_BYTES == 0 && lengthB / BLOCK_BYTES < 1 << BLOCK_POWERS) {
      return combineBlocks(crcA, crcB, (int) (lengthB / BLOCK_BYTES));
    }
    int shifted = crcA;
    int power = 3; // x^(2^3): one byte
    for (long rest = lengthB; rest != 0; rest >>>= 1, power++) {
      if ((rest & 1) != 0) {
        shifted = multiply(POWERS[power % POWERS.length], shifted);
      }
    }
    return shifted ^ crcB;
  }

  /** {@link #combine} for a B of 4096 bytes. */
  public static int combineBlock(int crcA, int crcBlock) {
    return look(APPEND_BLOCK, crcA) ^ crcBlock;
  }

  private static int combineBlocks(int crcA, int crcB, int blocks) {
    int shifted = crcA;
    for (int j = 0; blocks >>> j != 0; j++) {
      if ((blocks >>> j & 1) != 0) {
        shifted = look(APPEND_BLOCKS[j], shifted);
      }
    }
    return shifted ^ crcB;
  }

  private static int look(int[] table, int crc) {
    return table[crc & 0xFF]
        ^ table[256 | crc >>> 8 & 0xFF]
        ^ table[512 | crc >>> 16 & 0xFF]
        ^ table[768 | crc >>> 24];
  }

  /**
   * Appends eight bytes, lowest first, to a running value, for short sums over fields that lie
   * nowhere in memory together. A running value is the complement of a CRC: start with ~0 and
   * complement the end.
   */
  static int appendLong(int running, long bytes) {
    int low = (int) bytes ^ running;
    int high = (int) (bytes >>> 32);
    return BYTES[7 << 8 | low & 0xFF]
        ^ BYTES[6 << 8 | low >>> 8 & 0xFF]
        ^ BYTES[5 << 8 | low >>> 16 & 0xFF]
        ^ BYTES[4 << 8 | low >>> 24]
        ^ BYTES[3 << 8 | high & 0xFF]
        ^ BYTES[2 << 8 | high >>> 8 & 0xFF]
        ^ BYTES[1 << 8 | high >>> 16 & 0xFF]
        ^ BYTES[high >>> 24];
  }

  /** {@link #appendLong} for four bytes. */
  static int appendInt(int running, int bytes) {
    int mixed = bytes ^ running;
    return BYTES[3 << 8 | mixed & 0xFF]
        ^ BYTES[2 << 8 | mixed >>> 8 & 0xFF]
        ^ BYTES[1 << 8 | mixed >>> 16 & 0xFF]
        ^ BYTES[mixed >>> 24];
  }

  /** a * b modulo the polynomial. */
  private static int multiply(int a, int b) {
    int product = 0;
    int factor = b;
    for (int rest = a; rest != 0; rest <<= 1) {
      product ^= factor & rest >> 31; // rest >> 31 is all ones where the coefficient is set
      factor = timesX(factor);
    }
    return product;
  }

  private static int timesX(int a) {
    return a >>> 1 ^ (POLYNOMIAL & -(a & 1));
  }

  private static int[] powers() {
    // The polynomial is x + 1 times a primitive one of degree 31: x^(2^31) = x, and the table would
    // repeat from there.
    int[] powers = new int[31];
    powers[0] = 1 << 30;
    for (int k = 1; k < powers.length; k++) {
      powers[k] = multiply(powers[k - 1], powers[k - 1]);
    }
    return powers;
  }

  private static int[][] appendBlocks() {
    int[][] tables = new int[BLOCK_POWERS][4 * 256];
    for (int j = 0; j < BLOCK_POWERS; j++) {
      int factor = POWERS[15 + j]; // 8 * 4096 = 2^15
      for (int i = 0; i < 4 * 256; i++) {
        tables[j][i] = multiply(factor, (i & 0xFF) << 8 * (i >>> 8));
      }
    }
    return tables;
  }

  private static int[] byteTables() {
    int[] tables = new int[8 * 256];
    for (int i = 0; i < 256; i++) {
      int crc = i;
      for (int bit = 0; bit < 8; bit++) {
        crc = timesX(crc);
      }
      tables[i] = crc;
    }
    for (int i = 256; i < tables.length; i++) {
      int shorter = tables[i - 256];
      tables[i] = tables[shorter & 0xFF] ^ shorter >>> 8;
    }
    return tables;
  }
}
