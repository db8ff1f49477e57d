package writeboost.log;

import java.util.Arrays;

/**
 * The safeguards that a log keeps. Production keeps {@link #ALL}; a test of the tests leaves some
 * out, and sees that the simulator notices.
 */
public final class Rules {

  public static final Rules ALL = new Rules(0);

  /** Bit i: the rule with this ordinal is left out. */
  private final long missing;

  private Rules(long missing) {
    this.missing = missing;
  }

  /** All but these. */
  public static Rules without(Rule... rules) {
    return new Rules(
        Arrays.stream(rules).mapToLong(rule -> 1L << rule.ordinal()).reduce(0, (a, b) -> a | b));
  }

  public boolean hold(Rule rule) {
    return (missing & 1L << rule.ordinal()) == 0;
  }
}
