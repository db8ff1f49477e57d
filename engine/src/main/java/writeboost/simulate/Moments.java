package writeboost.simulate;

/**
 * The moments at which a world may end: each event of a life, and each request of a format, a
 * resume or a clean stop. Counts them, and ends the world at one that was chosen beforehand. One
 * thread.
 */
final class Moments {
  private final long end;
  private long passed;
  private boolean begun;

  /**
   * @param end the world ends at this one, counted from 1; 0 for a world that is left to chance
   */
  Moments(long end) {
    this.end = end;
  }

  /** From here on moments count: the world is furnished. */
  void begin() {
    begun = true;
  }

  /** Whether the world is to end now. */
  boolean isEnd() {
    return begun && ++passed == end;
  }

  /** Whether the end was chosen, so that chance has no say. */
  boolean isChosen() {
    return end != 0;
  }

  /** Whether the chosen end has come. */
  boolean isPast() {
    return passed >= end;
  }
}
