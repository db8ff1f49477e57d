package writeboost.writeback;

import java.util.Arrays;

/**
 * What one batch writes back: lines sorted by block, overlaps resolved in favour of the newer line,
 * neighbours merged into extents. Pure: knows neither devices nor the log. One thread at a time;
 * reused from batch to batch.
 *
 * <p>Lines are added in log order. A line is (block, mask of sectors to write, an opaque source).
 * Zero runs are carried out before all lines: the lines given here are newer than a run over their
 * block.
 */
public final class WritebackPlan {

  private static final int ALL = 0xFF;
  private static final int SECTORS_PER_BLOCK = 8;

  /** Bits of a sort key that hold the line's number in this plan; the block is above them. */
  private static final int NUMBER_BITS = 23;

  private static final long NUMBER_MASK = (1L << NUMBER_BITS) - 1;

  /** Lines whose memory is kept for the next plan. */
  private static final int KEPT = 1 << 16;

  /**
   * From so many blocks on a range of zeroes takes no further run: a device may take long over it,
   * and whoever suspends or stops waits for what is in flight.
   */
  static final int ZERO_BLOCKS_MAX = 1 << 18;

  private int blocksPerExtent = 1;

  private int count;
  private long[] keys = new long[128];
  private byte[] masks = new byte[128];
  private long[] sources = new long[128];

  private int runs;
  private long[] runKeys = new long[16];
  private int[] runBlocks = new int[16];
  private long[] runSources = new long[16];
  private int runCursor;
  private long runFrom;
  private long runTo;

  private int cursor;
  private int cursorSector;

  // The extent found by next(): whole blocks of the lines first .. last, or some sectors of one
  // line.
  private int first;
  private int last;
  private int fromSector;
  private int toSector;

  public void clear() {
    if (keys.length > KEPT) {
      keys = new long[KEPT];
      masks = new byte[KEPT];
      sources = new long[KEPT];
    }
    count = 0;
    runs = 0;
    cursor = 0;
    cursorSector = 0;
  }

  /** Adds a line that is newer than all those added before. */
  public void add(long block, int sectors, long source) {
    if (count == keys.length) {
      keys = Arrays.copyOf(keys, count * 2);
      masks = Arrays.copyOf(masks, count * 2);
      sources = Arrays.copyOf(sources, count * 2);
    }
    keys[count] = block << NUMBER_BITS | count;
    masks[count] = (byte) sectors;
    sources[count] = source;
    count++;
  }

  /** Adds a run of zero blocks. */
  public void addZeroRun(long block, int blocks, long source) {
    if (runs == runKeys.length) {
      runKeys = Arrays.copyOf(runKeys, runs * 2);
      runBlocks = Arrays.copyOf(runBlocks, runs * 2);
      runSources = Arrays.copyOf(runSources, runs * 2);
    }
    runKeys[runs] = block << NUMBER_BITS | runs;
    runBlocks[runs] = blocks;
    runSources[runs] = source;
    runs++;
  }

  /** Lines that are to be written; once sorted, without those of which nothing is left. */
  public int lines() {
    return count;
  }

  /** The source of line {@code i} in backing order; once sorted. */
  public long sourceOf(int i) {
    return sources[number(i)];
  }

  /**
   * Lines before this one, in backing order, have been found whole by {@link #next}; the rest has
   * not.
   */
  public int found() {
    return cursor;
  }

  public boolean isAtEnd() {
    return cursor == count;
  }

  public int zeroRuns() {
    return runs;
  }

  /** The source of zero run {@code i}, in the order in which they were added. */
  public long sourceOfZeroRun(int i) {
    return runSources[i];
  }

  /**
   * Sorts, and takes from each older line what a newer one of the same block holds too. Call once
   * all lines are added.
   *
   * @param newBlocksPerExtent neighbouring whole blocks are merged up to this many
   */
  public void sort(int newBlocksPerExtent) {
    blocksPerExtent = newBlocksPerExtent;
    Arrays.sort(keys, 0, count);
    int newer = 0;
    for (int i = count - 1; i >= 0; i--) {
      newer = i + 1 < count && block(i) == block(i + 1) ? newer : 0;
      int own = masks[number(i)] & ALL;
      masks[number(i)] = (byte) (own & ~newer);
      newer |= own;
    }
    dropEmpty();
    Arrays.sort(runKeys, 0, runs);
    runCursor = 0;
    cursor = 0;
    cursorSector = 0;
  }

  /** Lines of which nothing is left would stand between neighbours. */
  private void dropEmpty() {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (masks[number(i)] != 0) {
        keys[kept++] = keys[i];
      }
    }
    count = kept;
  }

  /**
   * Finds the next range of zero blocks, by ascending block, runs that touch made one (up to some
   * length); false at the end.
   */
  public boolean nextZeroRange() {
    if (runCursor == runs) {
      return false;
    }
    runFrom = runKeys[runCursor] >>> NUMBER_BITS;
    runTo = runFrom;
    while (runCursor < runs
        && runKeys[runCursor] >>> NUMBER_BITS <= runTo
        && runTo - runFrom < ZERO_BLOCKS_MAX) {
      long from = runKeys[runCursor] >>> NUMBER_BITS;
      runTo = Math.max(runTo, from + runBlocks[(int) (runKeys[runCursor] & NUMBER_MASK)]);
      runCursor++;
    }
    return true;
  }

  /** The first block of the range found. */
  public long zeroFrom() {
    return runFrom;
  }

  /** The block behind the range found. */
  public long zeroTo() {
    return runTo;
  }

  /** Finds the next extent, by ascending block; false at the end. */
  public boolean next() {
    boolean some = find();
    // A line whose last sectors have been found is behind us, so that found() counts it.
    if (some && cursorSector != 0 && (masks[number(cursor)] & ALL & -(1 << cursorSector)) == 0) {
      cursor++;
      cursorSector = 0;
    }
    return some;
  }

  private boolean find() {
    while (cursor < count) {
      int mask = masks[number(cursor)] & ALL;
      if (cursorSector == 0 && mask == ALL) {
        takeBlocks();
        return true;
      }
      int rest = mask & -(1 << cursorSector);
      if (rest != 0) {
        first = cursor;
        last = cursor;
        fromSector = Integer.numberOfTrailingZeros(rest);
        toSector = fromSector + Integer.numberOfTrailingZeros(~(rest >>> fromSector));
        cursorSector = toSector;
        return true;
      }
      cursor++;
      cursorSector = 0;
    }
    return false;
  }

  private void takeBlocks() {
    first = cursor;
    fromSector = 0;
    toSector = SECTORS_PER_BLOCK;
    do {
      last = cursor++;
    } while (cursor < count
        && cursor - first < blocksPerExtent
        && (masks[number(cursor)] & ALL) == ALL
        && block(cursor) == block(last) + 1);
  }

  // the extent found

  /** Sectors from the start of the device. */
  public long firstSector() {
    return block(first) * SECTORS_PER_BLOCK + fromSector;
  }

  public int sectors() {
    return (last - first) * SECTORS_PER_BLOCK + toSector - fromSector;
  }

  /** Lines in the extent. */
  public int extentLines() {
    return last - first + 1;
  }

  /** The source of the extent's line {@code i}. */
  public long source(int i) {
    return sources[number(first + i)];
  }

  /** The first sector of the extent within its first block. */
  public int fromSector() {
    return fromSector;
  }

  private long block(int i) {
    return keys[i] >>> NUMBER_BITS;
  }

  private int number(int i) {
    return (int) (keys[i] & NUMBER_MASK);
  }
}
