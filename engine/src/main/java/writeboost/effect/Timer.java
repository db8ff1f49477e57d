package writeboost.effect;

/**
 * A time after which a part of the core wants to hear of it. Handed out through {@link Effects},
 * handed back once through the core's {@code elapsed}; not handed out again before that.
 */
public final class Timer {

  /** The part of the core that waits. */
  @FunctionalInterface
  public interface Owner {
    /** Under the core's lock. */
    void elapsed(Effects effects);
  }

  public final Owner owner;

  /** From when it is handed out. */
  public long delayNs;

  public Timer(Owner owner) {
    this.owner = owner;
  }
}
