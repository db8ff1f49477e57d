package writeboost.layout;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import writeboost.layout.UnusableCacheException.Kind;

/**
 * Sector 0 of the cache device in layout v1. Immutable: any thread.
 *
 * <pre>
 *       +0        +4      +5
 *    0  | magic   | order | 0 ...
 * </pre>
 *
 * It tells neither whose backing device it is nor how large the devices were, and our own caches of
 * this layout cannot be told from those of 2013.
 *
 * @param order a segment is 2^order sectors
 */
public record LapSuperblock(int order) {

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  public LapSuperblock {
    LapLayout.INSTANCE.requireOrder(order);
  }

  /** Writes sector 0 and zeroes behind it, a whole block. */
  public void encode(MemorySegment block4096) {
    block4096.asSlice(0, Geometry.BLOCK).fill((byte) 0);
    block4096.set(INT, Superblock.MAGIC_OFFSET, Superblock.MAGIC);
    block4096.set(ValueLayout.JAVA_BYTE, Superblock.LAP_ORDER_OFFSET, (byte) order);
  }

  /** Whether this is a superblock of this layout, and sound as far as that can be seen. */
  public static boolean isHere(MemorySegment block4096) {
    int order = block4096.get(ValueLayout.JAVA_BYTE, Superblock.LAP_ORDER_OFFSET);
    return block4096.get(INT, Superblock.MAGIC_OFFSET) == Superblock.MAGIC
        && order >= LapLayout.MINIMUM_ORDER
        && order <= LapLayout.MAXIMUM_ORDER
        && Bytes.areZero(block4096, Superblock.LAP_ORDER_OFFSET + 1, Geometry.SECTOR);
  }

  /** Reads what {@link #encode} wrote. */
  public static LapSuperblock decode(MemorySegment block4096) throws UnusableCacheException {
    if (!isHere(block4096)) {
      throw new UnusableCacheException(Kind.FOREIGN, "holds no cache of layout v1");
    }
    return new LapSuperblock(block4096.get(ValueLayout.JAVA_BYTE, Superblock.LAP_ORDER_OFFSET));
  }

  /** Why a cache of this layout is not served as if it were of the usual one. */
  public static UnusableCacheException unasked() {
    return new UnusableCacheException(
        Kind.LAP_LAYOUT,
        "has layout v1 (dm-writeboost of 2013), which does not say whose backing device it is: if"
            + " you are sure, say --layout v1");
  }

  /** Refuses a cache of another order than was asked for. */
  public void requireOrder(int wanted) throws UnusableCacheException {
    if (order != wanted) {
      throw new UnusableCacheException(
          Kind.DIFFERENT,
          "the cache was formatted with segment size order "
              + order
              + ", not "
              + wanted
              + ": serve it with order "
              + order);
    }
  }
}
