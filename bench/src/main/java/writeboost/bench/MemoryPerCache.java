package writeboost.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Target T7: what RAM a cache takes, all in: the resident memory of a process each line of whose
 * cache is in use, by the slope between two sizes, so that a JVM's own share does not count twice.
 */
final class MemoryPerCache implements Target {

  private static final long TEBIBYTE = 1L << 40;
  private static final double GIBIBYTE = 1L << 30;
  private static final double GOAL_GIB = 5;

  /** Memory is not like time: what else the machine does has no say. */
  private static final int ROUNDS = 3;

  /** So that garbage, which has a limit of its own, does not look like the lines' share. */
  private static final String YOUNG_GENERATION = "-Xmn16m";

  @Override
  public String name() {
    return "T7";
  }

  @Override
  public String what() {
    return "RAM per TiB of cache, every line in use, all in";
  }

  @Override
  public String against() {
    return "a limit; dm-writeboost 12 GiB, Open CAS 21 GiB";
  }

  @Override
  public String goal() {
    return "<= 5 GiB";
  }

  @Override
  public List<String> programs() {
    return List.of();
  }

  @Override
  public Result measure(Bench bench) throws IOException, InterruptedException {
    long small = bench.either(8L << 30, 4L << 30);
    long large = 8 * small;
    Series ofSmall = new Series("resident, cache of " + (small >> 30) + " GiB");
    Series ofLarge = new Series("resident, cache of " + (large >> 30) + " GiB");
    for (int round = 1; round <= bench.either(ROUNDS, 1); round++) {
      Bench.progress(this, "filling caches, round " + round);
      ofSmall.add(Metric.BYTES, resident(bench, small));
      ofLarge.add(Metric.BYTES, resident(bench, large));
    }
    double slope = (ofLarge.median(Metric.BYTES) - ofSmall.median(Metric.BYTES)) / (large - small);
    double fixed = ofSmall.median(Metric.BYTES) - slope * small;
    double gib = (slope * TEBIBYTE + fixed) / GIBIBYTE;
    return new Result(
        this,
        List.of(ofSmall, ofLarge),
        List.of(Verdict.atMost(GOAL_GIB, "GiB of RAM for 1 TiB of cache", gib)),
        List.of(
            String.format(
                Locale.ROOT,
                "%.2f bytes for each line of 4 KiB, and %.0f MiB whatever the size",
                slope * Load.BLOCK_BYTES,
                fixed / (1 << 20))));
  }

  private static double resident(Bench bench, long cacheBytes)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(Programs.java(YOUNG_GENERATION));
    command.add(MemoryProbe.class.getName());
    command.add(bench.workspace().file("headers.img").toString());
    command.add(String.valueOf(cacheBytes));
    Process process = bench.workspace().start(command);
    String answer = process.inputReader().readLine();
    if (process.waitFor() != 0 || answer == null) {
      throw new IOException("the process to be measured has failed");
    }
    return Double.parseDouble(answer);
  }
}
