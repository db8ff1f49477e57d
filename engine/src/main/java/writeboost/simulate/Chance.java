package writeboost.simulate;

import java.util.SplittableRandom;

/** All the randomness of a run, out of one seed. One thread. */
public final class Chance {
  private final SplittableRandom source;

  public Chance(long seed) {
    source = new SplittableRandom(seed);
  }

  /** 0 .. bound - 1. */
  public int below(int bound) {
    return source.nextInt(bound);
  }

  /** Both ends included. */
  public int between(int lowest, int highest) {
    return lowest + source.nextInt(highest - lowest + 1);
  }

  /** True with this probability. */
  public boolean happens(double probability) {
    return probability > 0 && source.nextDouble() < probability;
  }

  public boolean oneIn(int n) {
    return source.nextInt(n) == 0;
  }

  public double oneOf(double... choices) {
    return choices[source.nextInt(choices.length)];
  }

  public int oneOf(int... choices) {
    return choices[source.nextInt(choices.length)];
  }

  /** A time around {@code mean}, now and then a multiple of it. */
  public long around(long mean) {
    long time = source.nextLong(2 * mean + 1);
    return source.nextInt(16) == 0 ? time * 8 : time;
  }
}
