package writeboost.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Target T9: large requests one after the other, against a server that keeps data in RAM and
 * against the cache file itself, whichever is slower: faster than both at once nobody can be.
 */
final class LargeRequests implements Target {

  private static final int REQUEST_BYTES = 1 << 20;
  private static final int DEPTH = 8;
  private static final long VOLUME_BYTES = 1L << 30;
  private static final long QUICK_VOLUME_BYTES = 256L << 20;
  private static final double GOAL = 0.9;

  @Override
  public String name() {
    return "T9";
  }

  @Override
  public String what() {
    return "1 MiB sequential writes, and reads from the cache device, depth 8";
  }

  @Override
  public String against() {
    return "the slower of nbdkit memory and fio on the cache file";
  }

  @Override
  public String goal() {
    return "throughput >= 0.9, both ways";
  }

  @Override
  public List<String> programs() {
    return List.of("fio", "nbdkit");
  }

  @Override
  public Result measure(Bench bench) throws IOException, InterruptedException {
    long bytes = bench.either(VOLUME_BYTES, QUICK_VOLUME_BYTES);
    Fio fio = new Fio(bench.workspace());
    Series[] written = series("writes");
    Series[] read = series("reads");
    Load writes =
        Load.sequentialWrites(REQUEST_BYTES, DEPTH, bytes)
            .bytes(Math.min(bytes, bench.logBytesPerRun()))
            .seconds(bench.seconds());
    Load reads = Load.sequentialReads(REQUEST_BYTES, DEPTH, bytes).seconds(bench.seconds()).again();
    try (Server memory = Server.nbdkit(List.of(), bench.workspace(), "memory", bytes)) {
      try (CachePair pair = CachePair.in(bench, bench.cacheFile(), bytes)) {
        try (Server ours = pair.serve()) {
          measure(bench, fio, ours, memory, writes, written, pair);
        }
      }
      try (CachePair pair = CachePair.in(bench, bench.cacheFile(), bytes)) {
        Bench.progress(this, "filling the cache");
        try (Server filled = pair.serve()) {
          fio.run(filled, Load.sequentialWrites(REQUEST_BYTES, DEPTH, bytes));
          filled.stop();
        }
        fio.run(memory, Load.sequentialWrites(REQUEST_BYTES, DEPTH, bytes));
        try (Server ours = pair.serve()) {
          measure(bench, fio, ours, memory, reads, read, pair);
        }
      }
    }
    return new Result(
        this,
        List.of(written[0], written[1], written[2], read[0], read[1], read[2]),
        List.of(verdict("writes", written), verdict("reads", read)),
        List.of());
  }

  private static Series[] series(String kind) {
    return new Series[] {
      new Series("writeboost, " + kind),
      new Series("nbdkit memory, " + kind),
      new Series("fio on the file, " + kind)
    };
  }

  private void measure(
      Bench bench,
      Fio fio,
      Server ours,
      Server memory,
      Load load,
      Series[] measured,
      CachePair pair)
      throws IOException, InterruptedException {
    Path raw = pair.cache();
    bench.interleave(
        this,
        Bench.WARM_UPS,
        counts -> {
          Load behind = load.from(bench.behindLog());
          Run[] runs = {fio.run(ours, load), fio.run(memory, load), fio.run(raw, behind)};
          for (int i = 0; counts && i < runs.length; i++) {
            measured[i].add(runs[i]);
          }
        });
  }

  private static Verdict verdict(String kind, Series[] measured) {
    double peer =
        Math.min(
            measured[1].median(Metric.MEGABYTES_PER_S), measured[2].median(Metric.MEGABYTES_PER_S));
    return Verdict.atLeast(
        GOAL,
        kind + ", ratio to the slower peer",
        measured[0].median(Metric.MEGABYTES_PER_S) / peer);
  }
}
