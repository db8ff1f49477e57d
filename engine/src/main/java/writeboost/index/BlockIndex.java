package writeboost.index;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Finds the newest cache line of a backing block: a hash table whose chains run through the {@link
 * LineTable}. Not thread-safe; the caller holds the core's lock.
 *
 * <pre>
 *   heads   | link | link | ...        a link is a line number + 1, or 0
 *              |
 *              +--> line 17 --> line 4711 --> 0        through {@code next} of the line table
 * </pre>
 *
 * There are three heads for every eight lines, so that a chain of a full cache has 2.7 lines on
 * average.
 */
public final class BlockIndex {

  /** What {@link #find} answers when the block has no line. */
  public static final long NONE = -1L;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final int HEAD_BYTES = 4;
  private static final int MINIMUM_HEADS = 16;

  private final LineTable table;
  private final MemorySegment heads;
  private final long headCount;

  /**
   * @param memory at least {@link #bytes} of zeroes, aligned to 4 bytes; may be populated on first
   *     touch
   */
  public BlockIndex(LineTable table, MemorySegment memory) {
    this.table = table;
    this.headCount = headCount(table.lines());
    this.heads = memory.asSlice(0, bytes(table.lines()));
  }

  /** The memory that the heads for {@code lines} need. */
  public static long bytes(long lines) {
    return headCount(lines) * HEAD_BYTES;
  }

  /** The line number (0 .. 2^32 - 2) of {@code block}, or {@link #NONE}. */
  public long find(long block) {
    int link = head(block);
    while (link != 0) {
      int line = link - 1;
      if (table.block(line) == block) {
        return Integer.toUnsignedLong(line);
      }
      link = table.next(line);
    }
    return NONE;
  }

  /** Whether {@code line} is what {@link #find} answers for its own block. */
  public boolean isNewest(int line) {
    return find(table.block(line)) == Integer.toUnsignedLong(line);
  }

  /** Enters {@code line}, whose table entry says {@code block}. The block must have no line yet. */
  public void insert(long block, int line) {
    assert table.block(line) == block && find(block) == NONE
        : "block " + block + " is there already, or is not in the line";
    long head = headOf(block);
    table.setNext(line, heads.get(INT, head));
    heads.set(INT, head, line + 1);
  }

  /** Puts {@code newLine} where {@code oldLine} is. Both table entries must say {@code block}. */
  public void replace(long block, int oldLine, int newLine) {
    assert table.block(newLine) == block : "line " + newLine + " is not of block " + block;
    table.setNext(newLine, table.next(oldLine));
    relink(block, oldLine, newLine + 1);
  }

  /** Takes out {@code line}, which must be the one that its block has. */
  public void remove(int line) {
    relink(table.block(line), line, table.next(line));
  }

  /** Makes whatever links to {@code line} link to {@code link} instead. */
  private void relink(long block, int line, int link) {
    long head = headOf(block);
    int wanted = line + 1;
    int at = heads.get(INT, head);
    if (at == wanted) {
      heads.set(INT, head, link);
      return;
    }
    while (at != 0) {
      int next = table.next(at - 1);
      if (next == wanted) {
        table.setNext(at - 1, link);
        return;
      }
      at = next;
    }
    throw new IllegalStateException(
        "line " + Integer.toUnsignedString(line) + " is not in the index under block " + block);
  }

  private int head(long block) {
    return heads.get(INT, headOf(block));
  }

  /**
   * Byte offset of the head of the block's chain: a mixed hash, scaled to the number of heads
   * without a division.
   */
  private long headOf(long block) {
    long mixed = block * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ mixed >>> 32) * 0xD6E8FEB86659FD93L;
    return ((mixed >>> 32) * headCount >>> 32) * HEAD_BYTES;
  }

  private static long headCount(long lines) {
    return Math.max(MINIMUM_HEADS, lines * 3 / 8);
  }
}
