package writeboost.bench;

import java.io.IOException;
import java.util.List;

/**
 * Target T12: how long a user waits for the command to serve a cache that is there: from its start,
 * the shell of the launcher included, to its line "ready".
 */
final class ReadyTime implements Target {

  private static final long VOLUME_BYTES = 1L << 30;
  private static final int DEPTH = 32;
  private static final long DIRTY_BYTES = 32L << 20;
  private static final double GOAL_S = 0.5;

  @Override
  public String name() {
    return "T12";
  }

  @Override
  public String what() {
    return "from exec to ready: the command, built, on an existing cache, cleanly stopped";
  }

  @Override
  public String against() {
    return "a limit";
  }

  @Override
  public String goal() {
    return "<= 0.5 s";
  }

  @Override
  public List<String> programs() {
    return List.of("fio");
  }

  @Override
  public Result measure(Bench bench) throws IOException, InterruptedException {
    Series ready = new Series("writeboost serve");
    try (CachePair pair = CachePair.in(bench, bench.cacheFile(), VOLUME_BYTES)) {
      try (Server ours = pair.serve()) {
        new Fio(bench.workspace())
            .run(ours, Load.randomWrites(DEPTH, VOLUME_BYTES).bytes(DIRTY_BYTES));
        ours.stop();
      }
      bench.interleave(
          this,
          Bench.WARM_UPS,
          counts -> {
            try (Server ours = pair.serve()) {
              if (counts) {
                ready.add(Metric.SECONDS, ours.startNs() / 1e9);
              }
              ours.stop();
            }
          });
    }
    return new Result(
        this,
        List.of(ready),
        List.of(Verdict.atMost(GOAL_S, "seconds", ready.median(Metric.SECONDS))),
        List.of());
  }
}
