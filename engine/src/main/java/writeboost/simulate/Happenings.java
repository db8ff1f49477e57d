package writeboost.simulate;

import java.util.Locale;

/** How often each {@link Happening} has happened. One thread. */
public final class Happenings {
  private final long[] counts = new long[Happening.values().length];

  public void happened(Happening what) {
    counts[what.ordinal()]++;
  }

  public void happened(Happening what, long times) {
    counts[what.ordinal()] += times;
  }

  public long count(Happening what) {
    return counts[what.ordinal()];
  }

  public void add(Happenings others) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += others.counts[i];
    }
  }

  /** A line for each. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Happening what : Happening.values()) {
      String name = what.name().toLowerCase(Locale.ROOT).replace('_', ' ');
      text.append("%-26s%,12d%n".formatted(name, count(what)));
    }
    return text.toString();
  }
}
