package writeboost.bench.micro;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Micro} was asked to do.
 *
 * @param names parts of names of benchmarks; none for all
 * @param lines sizes of the index
 * @param iterations measured, of {@code millis} each
 * @param warmUps iterations before, that do not count
 * @param forks JVMs in which each benchmark runs, one after the other; 0 for this one
 * @param json a file that gets JMH's own results; null for none
 * @param verbose JMH says what it does
 */
record MicroOptions(
    List<String> names,
    List<Long> lines,
    int iterations,
    int warmUps,
    int millis,
    int forks,
    @Nullable Path json,
    boolean verbose) {

  static final long SMALL_INDEX = 10_000_000;
  static final long LARGE_INDEX = 250_000_000;

  static final String USAGE =
      """
      usage: bench/micro [NAME]... [--quick] [--lines N]... [--forks N]
                         [--json FILE] [--verbose]

      Measures what the core itself takes for a request, without devices, sockets and
      threads, with JMH: time, its error (99.9 %), and bytes allocated per operation.
      docs/BENCHMARKS.md says what and how. Takes 4 minutes, or 1 with --quick.

        NAME         only benchmarks whose names contain it
        --quick      short iterations and the small index only: for a first look
        --lines N    lines of the index (16 .. 4294967295) instead of 10000000 and
                     250000000, which takes 4.1 GiB of memory
        --forks N    JVMs for each benchmark, in turn (1 .. 100); default 1
        --json FILE  also write JMH's results to FILE
        --verbose    show what JMH says

      examples:
        bench/micro core --quick
        bench/micro index.lookup --lines 50000000
      """;

  /** Thrown for arguments that make no sense; the message is for the user. */
  static final class UsageException extends Exception {
    private static final long serialVersionUID = 1;

    UsageException(String message) {
      super(message);
    }
  }

  static MicroOptions parse(String... arguments) throws UsageException {
    List<String> names = new ArrayList<>();
    List<Long> lines = new ArrayList<>();
    boolean quick = false;
    boolean verbose = false;
    int forks = 1;
    Path json = null;
    for (int i = 0; i < arguments.length; i++) {
      String argument = arguments[i];
      switch (argument) {
        case "--quick" -> quick = true;
        case "--verbose" -> verbose = true;
        case "--json" -> json = Path.of(value(arguments, ++i));
        case "--lines" -> lines.add(number(arguments, ++i, 16, 0xFFFF_FFFFL));
        case "--forks" -> forks = (int) number(arguments, ++i, 1, 100);
        default -> {
          if (argument.startsWith("-")) {
            throw new UsageException("unknown option " + argument);
          }
          names.add(argument.toLowerCase(Locale.ROOT));
        }
      }
    }
    if (lines.isEmpty()) {
      lines = quick ? List.of(SMALL_INDEX) : List.of(SMALL_INDEX, LARGE_INDEX);
    }
    return new MicroOptions(
        names, lines, quick ? 3 : 5, quick ? 3 : 5, quick ? 500 : 1000, forks, json, verbose);
  }

  private static String value(String[] arguments, int i) throws UsageException {
    if (i == arguments.length) {
      throw new UsageException(arguments[i - 1] + " needs a value");
    }
    return arguments[i];
  }

  private static long number(String[] arguments, int i, long least, long most)
      throws UsageException {
    String text = value(arguments, i);
    try {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // the message below says what is wanted
    }
    throw new UsageException(
        "%s %s: a number from %d to %d".formatted(arguments[i - 1], text, least, most));
  }

  boolean wants(String name) {
    return names.isEmpty()
        || names.stream().anyMatch(part -> name.toLowerCase(Locale.ROOT).contains(part));
  }
}
