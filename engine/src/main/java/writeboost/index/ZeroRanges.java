package writeboost.index;

import java.util.ArrayList;
import java.util.List;

/**
 * Which blocks the log says are zero, and since when: ranges of blocks that do not overlap, each
 * with the position of the zero run that made it. Not thread-safe; the caller holds the core's
 * lock.
 *
 * <pre>
 *   blocks   0        8             20      24           40
 *            |        [ run at 17   )       [ run at 5   )
 * </pre>
 *
 * A newer run takes from the older ones what it covers. A line newer than the run wins over it, and
 * stays out of this map: whoever looks compares the positions.
 *
 * <p>Sorted, in chunks of bounded size: looking up allocates nothing, entering moves at most a
 * chunk. Grows with the number of runs in the log, not with their length.
 */
public final class ZeroRanges {

  /** What {@link #find} answers where no run covers the block; less than any position. */
  public static final long NONE = -1;

  private static final int CHUNK = 256;

  /** Ranges in ascending order. Never empty, but for the only one. */
  private static final class Chunk {
    final long[] from = new long[CHUNK];
    final long[] to = new long[CHUNK];
    final long[] position = new long[CHUNK];
    int count;

    /** The last range that begins at or before {@code block}, or -1. */
    int floor(long block) {
      int low = 0;
      int high = count;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (from[middle] <= block) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low - 1;
    }

    boolean endsBefore(long block) {
      return count > 0 && from[count - 1] < block;
    }

    void insert(int at, long newFrom, long newTo, long newPosition) {
      move(this, at, this, at + 1, count - at);
      from[at] = newFrom;
      to[at] = newTo;
      position[at] = newPosition;
      count++;
    }

    void remove(int at) {
      move(this, at + 1, this, at, count - at - 1);
      count--;
    }

    Chunk takeUpperHalf() {
      Chunk upper = new Chunk();
      upper.count = count / 2;
      count -= upper.count;
      move(this, count, upper, 0, upper.count);
      return upper;
    }

    private static void move(Chunk source, int at, Chunk target, int targetAt, int length) {
      System.arraycopy(source.from, at, target.from, targetAt, length);
      System.arraycopy(source.to, at, target.to, targetAt, length);
      System.arraycopy(source.position, at, target.position, targetAt, length);
    }
  }

  private final List<Chunk> chunks = new ArrayList<>(List.of(new Chunk()));
  private long size;

  public boolean isEmpty() {
    return size == 0;
  }

  /** Ranges held. */
  public long size() {
    return size;
  }

  /** The position of the run that covers {@code block}, or {@link #NONE}. */
  public long find(long block) {
    Chunk chunk = chunks.get(chunkOf(block));
    int i = chunk.floor(block);
    return i >= 0 && block < chunk.to[i] ? chunk.position[i] : NONE;
  }

  /**
   * The blocks {@code [from, to)} are zero since {@code position}, which is newer than all here.
   */
  public void add(long from, long to, long position) {
    cut(from);
    cut(to);
    removeInside(from, to, NONE);
    insert(from, to, position);
  }

  /**
   * Forgets what is left of the run at {@code position}, which covered {@code [from, to)} at first.
   */
  public void remove(long from, long to, long position) {
    removeInside(from, to, position);
  }

  /** Makes a range that spans {@code block} two: one up to it, one from it on. */
  private void cut(long block) {
    Chunk chunk = chunks.get(chunkOf(block));
    int i = chunk.floor(block);
    if (i >= 0 && chunk.from[i] < block && block < chunk.to[i]) {
      long end = chunk.to[i];
      chunk.to[i] = block;
      insert(block, end, chunk.position[i]);
    }
  }

  private void insert(long from, long to, long position) {
    int at = chunkOf(from);
    Chunk chunk = chunks.get(at);
    if (chunk.count == CHUNK) {
      chunks.add(at + 1, chunk.takeUpperHalf());
      chunk = chunks.get(chunkOf(from));
    }
    chunk.insert(chunk.floor(from) + 1, from, to, position);
    size++;
  }

  /** Removes the ranges that begin in {@code [from, to)}: all, or those of one run. */
  private void removeInside(long from, long to, long only) {
    int at = chunkOf(from);
    int i = Math.max(0, chunks.get(at).floor(from - 1) + 1);
    while (true) {
      Chunk chunk = chunks.get(at);
      boolean whole = only == NONE && i == 0 && chunk.endsBefore(to);
      if (whole && chunks.size() > 1) {
        size -= chunk.count; // a large run may cover very many small ones
        chunks.remove(at);
      } else if (i < chunk.count) {
        if (chunk.from[i] >= to) {
          return;
        }
        if (only == NONE || chunk.position[i] == only) {
          chunk.remove(i);
          size--;
        } else {
          i++;
        }
      } else if (chunk.count == 0 && chunks.size() > 1) {
        chunks.remove(at);
        i = 0;
      } else {
        at++;
        i = 0;
      }
      if (at == chunks.size()) {
        return;
      }
    }
  }

  /** The chunk where a range that begins at {@code block} is, or belongs. */
  private int chunkOf(long block) {
    int low = 1;
    int high = chunks.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (chunks.get(middle).from[0] <= block) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }
}
