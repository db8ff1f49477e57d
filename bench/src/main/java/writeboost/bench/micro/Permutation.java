package writeboost.bench.micro;

/**
 * Numbers all over a power of two, each once before any comes again; neighbours lie far apart, so
 * that a look-up of one says nothing of the next. Stateless.
 */
final class Permutation {

  /** Odd, so that multiplying by it is one to one modulo any power of two. */
  private static final long FACTOR = 0x9E3779B97F4A7C15L;

  private final int bits;

  /**
   * @param bits 1 .. 62
   */
  Permutation(int bits) {
    this.bits = bits;
  }

  /** The {@code n}-th number, 0 .. 2^bits - 1. */
  long at(long n) {
    long mask = (1L << bits) - 1;
    long mixed = n * FACTOR & mask;
    mixed ^= mixed >>> (bits + 1) / 2;
    return mixed * FACTOR & mask;
  }
}
