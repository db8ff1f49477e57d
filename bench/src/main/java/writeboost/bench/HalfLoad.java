package writeboost.bench;

import java.io.IOException;
import java.util.List;

/**
 * Target T11: the slowest of a thousand small writes while the server has half of what it can do.
 * Both sides get the same load, half of what ours takes.
 */
final class HalfLoad implements Target {

  private static final int DEPTH = 32;
  private static final long VOLUME_BYTES = 2L << 30;
  private static final int FILL_BYTES = 1 << 20;

  /** Of all rounds together; a million and some. */
  private static final long REQUESTS = 1_100_000;

  private static final long QUICK_REQUESTS = 150_000;
  private static final double GOAL = 2;

  @Override
  public String name() {
    return "T11";
  }

  @Override
  public String what() {
    return "p99.9 of 4 KiB random writes, depth 32, at half the load of T1";
  }

  @Override
  public String against() {
    return "nbdkit memory at the same load";
  }

  @Override
  public String goal() {
    return "p99.9 <= 2.0";
  }

  @Override
  public List<String> programs() {
    return List.of("fio", "nbdkit");
  }

  @Override
  public Result measure(Bench bench) throws IOException, InterruptedException {
    Fio fio = new Fio(bench.workspace());
    long requests = bench.either(REQUESTS, QUICK_REQUESTS) / bench.rounds();
    Load whole = Load.randomWrites(DEPTH, VOLUME_BYTES).bytes(bench.logBytesPerRun() / 2);
    Setup setup = Setup.actuator(bench.cacheFile(), VOLUME_BYTES);
    try (Server ours = Server.bench(List.of(), bench.workspace(), setup);
        Server memory = Server.nbdkit(List.of(), bench.workspace(), "memory", VOLUME_BYTES)) {
      Bench.progress(this, "letting nbdkit take its memory");
      fio.run(memory, Load.sequentialWrites(FILL_BYTES, DEPTH, VOLUME_BYTES));
      double iops = 0;
      for (int i = 0; i < Bench.WARM_UPS; i++) {
        Bench.progress(this, "looking for the whole load");
        iops = Math.max(iops, fio.run(ours, whole.seconds(bench.seconds())).figure(Metric.IOPS));
      }
      long rate = Math.round(iops / 2);
      Load half =
          Load.randomWrites(DEPTH, VOLUME_BYTES).bytes(requests * Load.BLOCK_BYTES).rate(rate);
      Series our = new Series(ours.name());
      Series its = new Series(memory.name());
      bench.interleave(
          this,
          0,
          counts -> {
            our.add(fio.run(ours, half));
            its.add(fio.run(memory, half));
          });
      String note =
          "%d requests each at %d a second; collector of ours: %s"
              .formatted(requests * bench.rounds(), rate, Conditions.collector());
      double ratio = our.ratio(its, Metric.P999_MICROS);
      return new Result(
          this,
          List.of(our, its),
          List.of(Verdict.atMost(GOAL, "p99.9, ratio to nbdkit memory", ratio)),
          List.of(note));
    }
  }
}
