package writeboost.nbd;

import java.util.Arrays;

/**
 * Which bytes of something have come, in whatever order the pieces come. One thread at a time; as
 * long as they come in order it allocates nothing.
 */
final class Coverage {

  /** Ranges with gaps between them; no sensible server comes near. */
  static final int MOST = 1024;

  // Ascending; neighbours do not touch.
  private long[] starts = new long[2];
  private long[] ends = new long[2];
  private int count;

  void clear() {
    count = 0;
  }

  /**
   * The bytes from {@code start} to {@code end}, at least one, have come.
   *
   * @return false, and nothing is changed, if some of them had come before, or the gaps are too
   *     many
   */
  boolean add(long start, long end) {
    int at = count; // the first range behind them
    while (at > 0 && starts[at - 1] >= end) {
      at--;
    }
    if (at > 0 && ends[at - 1] > start) {
      return false;
    }
    boolean joinsPrevious = at > 0 && ends[at - 1] == start;
    boolean joinsNext = at < count && starts[at] == end;
    if (joinsPrevious && joinsNext) {
      ends[at - 1] = ends[at];
      remove(at);
    } else if (joinsPrevious) {
      ends[at - 1] = end;
    } else if (joinsNext) {
      starts[at] = start;
    } else {
      return insert(at, start, end);
    }
    return true;
  }

  private void remove(int at) {
    count--;
    System.arraycopy(starts, at + 1, starts, at, count - at);
    System.arraycopy(ends, at + 1, ends, at, count - at);
  }

  private boolean insert(int at, long start, long end) {
    if (count == MOST) {
      return false;
    }
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, 2 * count);
      ends = Arrays.copyOf(ends, 2 * count);
    }
    System.arraycopy(starts, at, starts, at + 1, count - at);
    System.arraycopy(ends, at, ends, at + 1, count - at);
    starts[at] = start;
    ends[at] = end;
    count++;
    return true;
  }

  /** Whether all from {@code start} to {@code end} has come. */
  boolean covers(long start, long end) {
    for (int i = 0; i < count; i++) {
      if (starts[i] <= start && end <= ends[i]) {
        return true;
      }
    }
    return false;
  }
}
