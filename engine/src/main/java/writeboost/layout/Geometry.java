package writeboost.layout;

/**
 * Where things are on a cache device: the arithmetic of slots, segments and lines. Immutable: any
 * thread.
 *
 * <p>A segment id is unsigned and counts from 1; id 0 means never written. A line number counts all
 * cache lines of the device and is an unsigned 32-bit integer held in an {@code int}.
 *
 * @param order a segment is 2^order sectors
 * @param cacheSizeBytes size of the device; a tail smaller than a segment stays unused
 * @param window W: no id beyond durable + W is ever submitted; smaller than the segment count
 */
public record Geometry(int order, long cacheSizeBytes, int window) {
  public static final int SECTOR = 512;
  public static final int BLOCK = 4096;
  public static final int SECTORS_PER_BLOCK = BLOCK / SECTOR;

  /** Bytes to blocks. */
  public static final int BLOCK_SHIFT = 12;

  public static final int MINIMUM_ORDER = 4;
  public static final int MAXIMUM_ORDER = 11;

  /** Bytes at the start of the device that hold the superblock and the record. */
  public static final int SUPERBLOCK_REGION = 1 << 20;

  /** Segments of the kernel module dm-writeboost 2.x always have this size. */
  public static final int KERNEL_ORDER = 10;

  /** Sector 2047. */
  public static final int RECORD_OFFSET = SUPERBLOCK_REGION - SECTOR;

  /** The block around the record, for devices that want 4 KiB. */
  public static final int RECORD_BLOCK_OFFSET = SUPERBLOCK_REGION - BLOCK;

  /** Line numbers have 32 bits: 2^32 lines of 4 KiB. */
  public static final long MAXIMUM_CACHE_BYTES = 1L << 44;

  /** No device is written that often; positions in the log stay positive up to here. */
  public static final long MAXIMUM_ID = 1L << 54;

  /** One to write to while the other one is written back. */
  public static final int MINIMUM_SEGMENTS = 2;

  private static final int DEFAULT_WINDOW = 64;

  public Geometry {
    checkOrder(order);
    long minimum = minimumCacheBytes(order);
    if (cacheSizeBytes < minimum) {
      throw new IllegalArgumentException(
          "a cache of "
              + cacheSizeBytes
              + " bytes is too small for order "
              + order
              + ": at least "
              + minimum
              + " bytes are needed");
    }
    if (cacheSizeBytes > MAXIMUM_CACHE_BYTES) {
      throw new IllegalArgumentException(
          "a cache of "
              + cacheSizeBytes
              + " bytes is too large: at most 16 TiB ("
              + MAXIMUM_CACHE_BYTES
              + " bytes) can be used");
    }
    int segments = segmentCount(order, cacheSizeBytes);
    if (window < 1 || window >= segments) {
      throw new IllegalArgumentException(
          "a window of " + window + " segments does not fit a cache of " + segments + " segments");
    }
  }

  /** With the usual window: 64 segments, or what a small cache allows. */
  public Geometry(int order, long cacheSizeBytes) {
    this(order, cacheSizeBytes, usualWindow(order, cacheSizeBytes));
  }

  /** The smallest cache device that can be used with {@code order}. */
  public static long minimumCacheBytes(int order) {
    checkOrder(order);
    return SUPERBLOCK_REGION + MINIMUM_SEGMENTS * ((long) SECTOR << order);
  }

  public int segmentCount() {
    return segmentCount(order, cacheSizeBytes);
  }

  /** n = 2^(order - 3) - 1; the block in front of them is the header. */
  public int linesPerSegment() {
    return (1 << order - 3) - 1;
  }

  /** Lines of all segments together; fits 32 bits unsigned. */
  public long lineCount() {
    return (long) segmentCount() * linesPerSegment();
  }

  public int segmentBytes() {
    return SECTOR << order;
  }

  /** Bytes from the start of the device to the end of the last slot. */
  public long logEnd() {
    return slotOffset(segmentCount());
  }

  /** The slot that segment {@code id}, which is not 0, lives in. */
  public int slot(long id) {
    return (int) Long.remainderUnsigned(id - 1, segmentCount());
  }

  /** Which round over the slots {@code id}, which is not 0, belongs to; the first one is 1. */
  public long lap(long id) {
    return Long.divideUnsigned(id - 1, segmentCount()) + 1;
  }

  /** Bytes from the start of the device to the header of the segment in {@code slot}. */
  public long slotOffset(int slot) {
    return SUPERBLOCK_REGION + ((long) slot << order + 9);
  }

  /** Bytes from the start of the device to line {@code i} of the segment in {@code slot}. */
  public long lineOffset(int slot, int i) {
    return slotOffset(slot) + (1L + i) * BLOCK;
  }

  /** The line number, unsigned, of line {@code i} of the segment in {@code slot}. */
  public int line(int slot, int i) {
    return slot * linesPerSegment() + i;
  }

  /** The slot that a line number belongs to. */
  public int slotOfLine(int line) {
    return Integer.divideUnsigned(line, linesPerSegment());
  }

  /** Which line of its segment a line number is. */
  public int indexInSegment(int line) {
    return Integer.remainderUnsigned(line, linesPerSegment());
  }

  private static void checkOrder(int order) {
    if (order < MINIMUM_ORDER || order > MAXIMUM_ORDER) {
      throw new IllegalArgumentException(
          "segment size order "
              + order
              + " is out of range: "
              + MINIMUM_ORDER
              + " to "
              + MAXIMUM_ORDER);
    }
  }

  private static int segmentCount(int order, long cacheSizeBytes) {
    return (int) (cacheSizeBytes - SUPERBLOCK_REGION >> order + 9);
  }

  private static int usualWindow(int order, long cacheSizeBytes) {
    boolean usable =
        order >= MINIMUM_ORDER
            && order <= MAXIMUM_ORDER
            && cacheSizeBytes >= minimumCacheBytes(order);
    boolean small = usable && cacheSizeBytes <= MAXIMUM_CACHE_BYTES;
    return small
        ? Math.min(DEFAULT_WINDOW, segmentCount(order, cacheSizeBytes) - 1)
        : DEFAULT_WINDOW;
  }
}
