package writeboost.cli;

import java.nio.file.Path;
import java.util.List;

/**
 * What a running server serves, as its command line has it.
 *
 * @param options as they were given, each with its value
 */
record Served(String name, String backing, Path cache, int order, List<String> options) {

  /** The line that made it, as {@code serve} takes it. */
  String table() {
    StringBuilder line = new StringBuilder();
    line.append(quoted(backing)).append(' ').append(quoted(cache.toString()));
    line.append(' ').append(order);
    for (String option : options) {
      line.append(' ').append(quoted(option));
    }
    return line.toString();
  }

  /** As a shell takes it. */
  private static String quoted(String word) {
    boolean plain = word.matches("[\\w@%+=:,./?-]+");
    return plain ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
