package writeboost.volume;

/**
 * The 16 counters of the status line: how many pieces of each kind there were. A kind is a sum of
 * the bits below. Immutable.
 *
 * <p>In 2013 only a hit could be on the buffer, so four of the 16 were always zero; in layout v1
 * they still are. Here a block can be known to the log without a line: a zero run covers it. That
 * is no hit, because no line holds data of the block, but the run can be in the current segment.
 */
public final class Pieces {

  /** A write; otherwise a read. A zero run is one piece, of a full size, and no hit. */
  public static final int WRITE = 1;

  /** A line of the log held data of the block. */
  public static final int HIT = 2;

  /** The newest that the log had of the block, line or zero run, was in the current segment. */
  public static final int ON_BUFFER = 4;

  /** The piece was a whole block. */
  public static final int FULL_SIZE = 8;

  public static final int KINDS = 16;

  private final long[] counts;

  /** Takes {@code counts} over. */
  Pieces(long[] counts) {
    this.counts = counts;
  }

  /** Pieces of this {@code kind}, 0 to 15. */
  public long of(int kind) {
    return counts[kind];
  }

  /** Pieces of all kinds that have the bits of {@code mask} as in {@code bits}. */
  public long sum(int mask, int bits) {
    long sum = 0;
    for (int kind = 0; kind < KINDS; kind++) {
      sum += (kind & mask) == bits ? counts[kind] : 0;
    }
    return sum;
  }
}
