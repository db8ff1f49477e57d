package writeboost.cli;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.stream.Collectors;
import writeboost.volume.Tunable;
import writeboost.volume.Tunables;

/** Tunables as people set them: a name of either generation, and a value. */
final class TunableSetting {

  private static final BigInteger LEAST = BigInteger.valueOf(Integer.MIN_VALUE);
  private static final BigInteger MOST = BigInteger.valueOf(Integer.MAX_VALUE);

  private TunableSetting() {}

  /**
   * {@code tunables} with {@code setting}, which is KEY=VALUE.
   *
   * @throws CommandFailure if there is no such tunable, or it does not take that value
   */
  static Tunables apply(Tunables tunables, String setting) throws CommandFailure {
    int equals = setting.indexOf('=');
    if (equals < 0) {
      throw CommandFailure.usage("--set " + setting + ": give KEY=VALUE");
    }
    String key = setting.substring(0, equals);
    Tunable tunable = Tunable.find(key);
    if (tunable == null) {
      throw CommandFailure.usage("--set " + setting + ": " + unknown(key));
    }
    try {
      return tunables.with(tunable, value(key, setting.substring(equals + 1)));
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("--set " + setting + ": " + e.getMessage());
    }
  }

  /** A whole number; one that is too large for any range is made the largest. */
  static int value(String key, String text) throws CommandFailure {
    if (!text.matches("[+-]?\\d+")) {
      throw CommandFailure.usage(
          Tunable.find(key) == null
              ? unknown(key)
              : "%s: '%s' is not a whole number".formatted(key, text));
    }
    BigInteger value = new BigInteger(text);
    return value.max(LEAST).min(MOST).intValueExact();
  }

  static String unknown(String key) {
    return "there is no tunable '%s'; there are %s"
        .formatted(
            key,
            Arrays.stream(Tunable.values()).map(Tunable::key).collect(Collectors.joining(", ")));
  }
}
