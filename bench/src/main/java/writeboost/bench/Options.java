package writeboost.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Compare} was asked to do.
 *
 * @param benchmarks at least one, in the order of {@link Benchmark}
 * @param rounds measured runs of each server
 * @param seconds that a run takes at most
 * @param drainBlocks that T6 writes back
 * @param sparseCache the cache file gets its space only as it is written
 * @param folder where the files go; null for the system's folder for such things
 * @param json a file that gets the figures; null for none
 */
record Options(
    List<Benchmark> benchmarks,
    int rounds,
    int seconds,
    int drainBlocks,
    boolean sparseCache,
    @Nullable Path folder,
    @Nullable Path json) {

  static final String USAGE =
      """
      usage: bench/compare [T1] [T2] [T6] [--quick] [--sparse-cache] [--dir DIR] [--json FILE]

      Measures writeboost side by side with nbdkit, and its drain with the same writes unsorted;
      docs/BENCHMARKS.md says what and how.

        T1, T2, T6      these benchmarks only
        --quick         3 rounds of 1 s, not 5 of 3 s, T6 of 32 MiB, not 128, and a sparse
                        cache: for a first look
        --sparse-cache  do not write the cache file (16 GiB; T6: 512 MiB) beforehand
        --dir DIR       where the cache file goes, removed at the end; default /var/tmp
        --json FILE     also write every figure to FILE
      """;

  /** Thrown for arguments that make no sense; the message is for the user. */
  static final class UsageException extends Exception {
    private static final long serialVersionUID = 1;

    UsageException(String message) {
      super(message);
    }
  }

  static Options parse(String... arguments) throws UsageException {
    List<Benchmark> benchmarks = new ArrayList<>();
    boolean quick = false;
    boolean sparse = false;
    Path folder = null;
    Path json = null;
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--quick" -> quick = true;
        case "--sparse-cache" -> sparse = true;
        case "--dir" -> folder = Path.of(value(arguments, ++i));
        case "--json" -> json = Path.of(value(arguments, ++i));
        default -> benchmarks.add(benchmark(arguments[i]));
      }
    }
    return new Options(
        benchmarks.isEmpty()
            ? List.of(Benchmark.values())
            : benchmarks.stream().distinct().sorted().toList(),
        quick ? 3 : 5,
        quick ? 1 : 3,
        quick ? 8192 : 32_768,
        sparse || quick,
        folder,
        json);
  }

  private static String value(String[] arguments, int i) throws UsageException {
    if (i == arguments.length) {
      throw new UsageException(arguments[i - 1] + " needs a value");
    }
    return arguments[i];
  }

  private static Benchmark benchmark(String name) throws UsageException {
    for (Benchmark benchmark : Benchmark.values()) {
      if (benchmark.name().equals(name)) {
        return benchmark;
      }
    }
    throw new UsageException("unknown argument " + name);
  }
}
