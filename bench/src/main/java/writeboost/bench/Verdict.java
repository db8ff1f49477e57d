package writeboost.bench;

import java.util.Locale;

/**
 * Whether a target is met.
 *
 * @param what the figure is, for people
 * @param atLeast it has to be {@code goal} or more; otherwise, or less
 */
record Verdict(String what, double figure, boolean atLeast, double goal) {

  static Verdict atLeast(double goal, String what, double figure) {
    return new Verdict(what, figure, true, goal);
  }

  static Verdict atMost(double goal, String what, double figure) {
    return new Verdict(what, figure, false, goal);
  }

  boolean met() {
    return atLeast ? figure >= goal : figure <= goal;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s: %.3f, target %s %s: %s",
        what,
        figure,
        atLeast ? ">=" : "<=",
        String.valueOf(goal),
        met() ? "met" : "NOT met");
  }
}
