package writeboost.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Target T9: large requests one after the other, against a server that keeps data in RAM and
 * against the cache file itself, whichever is slower: faster than both at once nobody can be.
 */
final class LargeRequests implements Target {

  private static final int REQUEST_BYTES = 1 << 20;
  private static final int DEPTH = 8;

  /** After so many the log flushes: half of its window (DESIGN section 5, rule 6). */
  private static final int REQUESTS_TO_FLUSH = 16;

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
    List<Series> written = new ArrayList<>(series("writes"));
    written.add(new Series("fio, flushing each 16 MiB"));
    List<Series> read = series("reads");
    Load writes =
        Load.sequentialWrites(REQUEST_BYTES, DEPTH, bytes)
            .bytes(Math.min(bytes, bench.logBytesPerRun()))
            .seconds(bench.seconds());
    Load reads = Load.sequentialReads(REQUEST_BYTES, DEPTH, bytes).seconds(bench.seconds()).again();
    try (Server memory = Server.nbdkit(List.of(), bench.workspace(), "memory", bytes)) {
      try (CachePair pair = CachePair.in(bench, bench.cacheFile(), bytes);
          Server ours = pair.serve()) {
        Load raw = writes.from(bench.behindLog());
        interleave(
            bench,
            written,
            () -> fio.run(ours, writes),
            () -> fio.run(memory, writes),
            () -> fio.run(pair.cache(), raw),
            () -> fio.run(pair.cache(), raw.flushingAfter(REQUESTS_TO_FLUSH)));
      }
      try (CachePair pair = CachePair.in(bench, bench.cacheFile(), bytes)) {
        Bench.progress(this, "filling the cache");
        try (Server filled = pair.serve()) {
          fio.run(filled, Load.sequentialWrites(REQUEST_BYTES, DEPTH, bytes));
          filled.stop();
        }
        fio.run(memory, Load.sequentialWrites(REQUEST_BYTES, DEPTH, bytes));
        Load raw = reads.from(bench.behindLog());
        try (Server ours = pair.serve()) {
          interleave(
              bench,
              read,
              () -> fio.run(ours, reads),
              () -> fio.run(memory, reads),
              () -> fio.run(pair.cache(), raw));
        }
      }
    }
    List<Series> all = new ArrayList<>(written);
    all.addAll(read);
    return new Result(
        this,
        all,
        List.of(verdict("writes", written), verdict("reads", read)),
        List.of(
            String.format(
                Locale.ROOT,
                "writes, no target: by fio on the file with a flush for each 16 MiB, as the log"
                    + " has: %.3f",
                written.get(0).ratio(written.get(3), Metric.MEGABYTES_PER_S))));
  }

  /** Ours, and what it is compared with. */
  private static List<Series> series(String kind) {
    return List.of(
        new Series("writeboost, " + kind),
        new Series("nbdkit memory, " + kind),
        new Series("fio on the file, " + kind));
  }

  /** One run of one side. */
  private interface Side {
    Run run() throws IOException, InterruptedException;
  }

  private void interleave(Bench bench, List<Series> measured, Side... sides)
      throws IOException, InterruptedException {
    bench.interleave(
        this,
        Bench.WARM_UPS,
        counts -> {
          for (int i = 0; i < sides.length; i++) {
            Run run = sides[i].run();
            if (counts) {
              measured.get(i).add(run);
            }
          }
        });
  }

  private static Verdict verdict(String kind, List<Series> measured) {
    double ours = measured.get(0).median(Metric.MEGABYTES_PER_S);
    double memory = measured.get(1).median(Metric.MEGABYTES_PER_S);
    double file = measured.get(2).median(Metric.MEGABYTES_PER_S);
    return Verdict.atLeast(
        GOAL, kind + ", ratio to the slower peer", ours / Math.min(memory, file));
  }
}
