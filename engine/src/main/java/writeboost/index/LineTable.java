package writeboost.index;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What is known of every cache line: 16 bytes each, off heap. Not thread-safe; the caller holds the
 * core's lock.
 *
 * <pre>
 *   +0                  +5        +6       +7      +8      +12
 *   | block (40 bits)   | sectors | flags  | lost  | CRC   | next |
 * </pre>
 *
 * A zero run is in no chain of the index; in place of the link it has its number of blocks.
 *
 * <p>A line number is an unsigned 32-bit integer held in an {@code int}. The memory must be zero at
 * first, and may be populated on first touch: lines that are never set cost nothing.
 */
public final class LineTable {

  /** The line holds data that the backing device may not have. */
  public static final int DIRTY = 1;

  /** The line is reserved and its data is not there yet. */
  public static final int FILLING = 2;

  /** The line is the last one of its group. */
  public static final int GROUP_END = 4;

  /** Not a line of data but a run of zero blocks; it is in {@link ZeroRanges}, not in the index. */
  public static final int ZERO_RUN = 8;

  /** Blocks in one zero run, at most. */
  public static final int RUN_BLOCKS_MAX = 1 << 16;

  /** 2^40 blocks: a backing device of 4 PiB. */
  public static final long MAXIMUM_BLOCKS = 1L << 40;

  static final int ENTRY_BYTES = 16;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  private static final int CRC_OFFSET = 8;
  private static final int NEXT_OFFSET = 12;

  // The block, sectors, flags and lost sectors are the bits of one long in memory of either byte
  // order.
  private static final int SECTORS_SHIFT = 40;
  private static final int FLAGS_SHIFT = 48;
  private static final int LOST_SHIFT = 56;
  private static final long BLOCK_MASK = MAXIMUM_BLOCKS - 1;

  private final MemorySegment memory;
  private final long lines;

  /**
   * @param memory at least {@link #bytes} of zeroes, aligned to 8 bytes
   */
  public LineTable(MemorySegment memory, long lines) {
    if (lines < 0 || lines > 0xFFFF_FFFFL) {
      throw new IllegalArgumentException(lines + " lines do not fit a 32-bit line number");
    }
    this.memory = memory.asSlice(0, bytes(lines));
    this.lines = lines;
  }

  /** The memory that a table of {@code lines} needs. */
  public static long bytes(long lines) {
    return lines * ENTRY_BYTES;
  }

  public long lines() {
    return lines;
  }

  /**
   * Gives {@code line} new contents. Its CRC stays what it was, and so does its place in the index.
   *
   * @param sectors mask of the sectors that the line holds
   * @param lost mask of the sectors that are answered with an I/O error
   */
  public void set(int line, long block, int sectors, int flags, int lost) {
    if ((block & ~BLOCK_MASK) != 0) {
      throw new IllegalArgumentException("block " + block + " does not fit 40 bits");
    }
    long entry =
        block
            | (sectors & 0xFFL) << SECTORS_SHIFT
            | (flags & 0xFFL) << FLAGS_SHIFT
            | (lost & 0xFFL) << LOST_SHIFT;
    memory.set(LONG, at(line), entry);
  }

  public long block(int line) {
    return entry(line) & BLOCK_MASK;
  }

  public int sectors(int line) {
    return (int) (entry(line) >>> SECTORS_SHIFT) & 0xFF;
  }

  public void setSectors(int line, int sectors) {
    setByte(line, SECTORS_SHIFT, sectors);
  }

  public int lost(int line) {
    return (int) (entry(line) >>> LOST_SHIFT) & 0xFF;
  }

  public void setLost(int line, int lost) {
    setByte(line, LOST_SHIFT, lost);
  }

  public int flags(int line) {
    return (int) (entry(line) >>> FLAGS_SHIFT) & 0xFF;
  }

  /** Whether any flag of {@code flag} is set. */
  public boolean has(int line, int flag) {
    return (flags(line) & flag) != 0;
  }

  public void setFlag(int line, int flag) {
    setByte(line, FLAGS_SHIFT, flags(line) | flag);
  }

  public void clearFlag(int line, int flag) {
    setByte(line, FLAGS_SHIFT, flags(line) & ~flag);
  }

  public int crc(int line) {
    return memory.get(INT, at(line) + CRC_OFFSET);
  }

  public void setCrc(int line, int crc) {
    memory.set(INT, at(line) + CRC_OFFSET, crc);
  }

  /** Blocks of a zero run, 1 .. {@link #RUN_BLOCKS_MAX}. */
  public int runBlocks(int line) {
    return memory.get(INT, at(line) + NEXT_OFFSET);
  }

  /** Gives {@code line} new contents: the zero blocks from {@code block} on. */
  public void setZeroRun(int line, long block, int blocks, int flags) {
    if (blocks < 1 || blocks > RUN_BLOCKS_MAX) {
      throw new IllegalArgumentException("a zero run of " + blocks + " blocks");
    }
    set(line, block, 0xFF, flags | ZERO_RUN, 0);
    memory.set(INT, at(line) + NEXT_OFFSET, blocks);
  }

  /** The link to the next line of the index chain: its number + 1, or 0. */
  int next(int line) {
    return memory.get(INT, at(line) + NEXT_OFFSET);
  }

  void setNext(int line, int link) {
    memory.set(INT, at(line) + NEXT_OFFSET, link);
  }

  private long entry(int line) {
    return memory.get(LONG, at(line));
  }

  private void setByte(int line, int shift, int value) {
    memory.set(LONG, at(line), entry(line) & ~(0xFFL << shift) | (value & 0xFFL) << shift);
  }

  private static long at(int line) {
    return Integer.toUnsignedLong(line) * ENTRY_BYTES;
  }
}
