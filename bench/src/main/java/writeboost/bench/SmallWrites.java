package writeboost.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Targets T1 and T2: what a small write costs, against servers that do nothing with it.
 *
 * @param depth requests that the client has in flight
 * @param core client and server share a core: on two, depth 1 would measure how long it takes to
 *     wake the other one up
 */
record SmallWrites(String name, String what, int depth, boolean core) implements Target {

  private static final long VOLUME_BYTES = 2L << 30;
  private static final int WARM_UP_S = 3;
  private static final int FILL_BYTES = 1 << 20;
  private static final int FILL_DEPTH = 8;

  static SmallWrites deep() {
    return new SmallWrites("T1", "4 KiB random writes, depth 32", 32, false);
  }

  static SmallWrites pinned() {
    return new SmallWrites(
        "T2", "4 KiB random writes, depth 1, client and server pinned to one core", 1, true);
  }

  @Override
  public String against() {
    return "nbdkit null, which stores nothing; nbdkit memory for orientation";
  }

  @Override
  public String goal() {
    return "IOPS >= 1.0, server CPU per request <= 1.0";
  }

  @Override
  public List<String> programs() {
    return List.of("fio", "nbdkit", "taskset");
  }

  @Override
  public Result measure(Bench bench) throws IOException, InterruptedException {
    String last = String.valueOf(Runtime.getRuntime().availableProcessors() - 1);
    List<String> prefix = core ? List.of("taskset", "--cpu-list", last) : List.of();
    Fio fio = new Fio(bench.workspace(), prefix);
    Load load = Load.randomWrites(depth, VOLUME_BYTES).bytes(bench.logBytesPerRun());
    Setup setup = Setup.actuator(bench.cacheFile(), VOLUME_BYTES);
    try (Server ours = Server.bench(prefix, bench.workspace(), setup);
        Server nothing = Server.nbdkit(prefix, bench.workspace(), "null", VOLUME_BYTES);
        Server memory = Server.nbdkit(prefix, bench.workspace(), "memory", VOLUME_BYTES)) {
      List<Server> servers = List.of(ours, nothing, memory);
      List<Series> measured = servers.stream().map(server -> new Series(server.name())).toList();
      List<Run> ourRuns = new ArrayList<>();
      // So that it does not pay for memory while it is measured.
      fio.run(memory, Load.sequentialWrites(FILL_BYTES, FILL_DEPTH, VOLUME_BYTES));
      bench.interleave(
          this,
          Bench.WARM_UPS,
          counts -> {
            for (int i = 0; i < servers.size(); i++) {
              int seconds = counts ? bench.seconds() : WARM_UP_S;
              Run run = fio.run(servers.get(i), load.seconds(seconds));
              if (i == 0) {
                ourRuns.add(run);
              }
              if (counts) {
                measured.get(i).add(run);
              }
            }
          });
      LogState log = ours.logState();
      return new Result(
          this, measured, verdicts(measured), List.of(log.describe(requests(ourRuns))));
    }
  }

  private static List<Verdict> verdicts(List<Series> measured) {
    Series ours = measured.get(0);
    Series nothing = measured.get(1);
    return List.of(
        Verdict.atLeast(1.0, "IOPS, ratio to null", ours.ratio(nothing, Metric.IOPS)),
        Verdict.atMost(
            1.0, "server CPU per request, ratio to null", ours.ratio(nothing, Metric.CPU_MICROS)));
  }

  private static long requests(List<Run> runs) {
    return runs.stream().mapToLong(Run::requests).sum();
  }
}
