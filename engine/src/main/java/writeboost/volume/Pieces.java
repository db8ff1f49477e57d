package writeboost.volume;

/**
 * The 16 counters of the status line: how many pieces of each kind there were. A kind is a sum of
 * the bits below. Immutable.
 */
public final class Pieces {

  /** A write, a zero run included; otherwise a read. */
  public static final int WRITE = 1;

  /** The log had something of the block. */
  public static final int HIT = 2;

  /** What it had was in the current segment. */
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
