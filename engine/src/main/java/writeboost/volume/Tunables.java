package writeboost.volume;

/** A value, in range, for each {@link Tunable}. Immutable. */
public final class Tunables {

  /** What holds unless something is set. */
  public static final Tunables STANDARD = standard();

  private final int[] values;

  private Tunables(int[] values) {
    this.values = values;
  }

  private static Tunables standard() {
    int[] values = new int[Tunable.values().length];
    for (Tunable tunable : Tunable.values()) {
      values[tunable.ordinal()] = tunable.standard();
    }
    return new Tunables(values);
  }

  /** The value of {@code tunable}, in its unit. */
  public int get(Tunable tunable) {
    return values[tunable.ordinal()];
  }

  /** Whether a switch is on. */
  public boolean isOn(Tunable tunable) {
    return get(tunable) != 0;
  }

  /**
   * The same values but for one.
   *
   * @throws IllegalArgumentException if {@code value} is out of range
   */
  public Tunables with(Tunable tunable, int value) {
    int[] changed = values.clone();
    changed[tunable.ordinal()] = tunable.require(value);
    return new Tunables(changed);
  }
}
