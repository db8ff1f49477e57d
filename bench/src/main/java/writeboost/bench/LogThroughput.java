package writeboost.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Target T3: small writes of new blocks, as many as the cache device takes: (a) in process, on a
 * file, against that file; (b) over NBD, with a cache device that is known to take 266 MB/s.
 */
final class LogThroughput implements Target {

  private static final long LIMIT_BYTES_PER_S = 266_000_000;

  /** The small log of a first look would be full too soon. */
  private static final long QUICK_LIMIT_BYTES_PER_S = 100_000_000;

  private static final long VOLUME_BYTES = 8L << 30;
  private static final int DEPTH = 32;

  /** So long that what RAM buffers take at once is over. */
  private static final int RAMP_S = 1;

  /** That (a) writes in each round. */
  private static final long RUN_BYTES = 2L << 30;

  private static final long QUICK_RUN_BYTES = 512L << 20;

  private static final int RAW_REQUEST_BYTES = 512 << 10;
  private static final int RAW_DEPTH = 4;

  /** After so many the log flushes: half of its window (DESIGN section 5, rule 6). */
  private static final int RAW_REQUESTS_TO_FLUSH = 32;

  private static final double GOAL = 0.97;

  @Override
  public String name() {
    return "T3";
  }

  @Override
  public String what() {
    return "sustained 4 KiB random writes of new blocks: (a) in process, (b) over NBD";
  }

  @Override
  public String against() {
    return "(a) fio 512 KiB sequential, depth 4, same file; (b) 266 MB/s, the cache's limit";
  }

  @Override
  public String goal() {
    return "throughput >= 0.97";
  }

  @Override
  public List<String> programs() {
    return List.of("fio");
  }

  @Override
  public Result measure(Bench bench) throws IOException, InterruptedException {
    Series inProcess = new Series("(a) writeboost, in process");
    Series raw = new Series("(a) fio on the file");
    Series flushed = new Series("(a) fio, flushing each 16 MiB");
    compareWithFile(bench, inProcess, raw, flushed);
    long limit = bench.either(LIMIT_BYTES_PER_S, QUICK_LIMIT_BYTES_PER_S);
    Series limited = new Series("(b) writeboost, limited");
    runLimited(bench, limit, limited);
    double ofLimit = limited.median(Metric.MEGABYTES_PER_S) * 1e6 / limit;
    return new Result(
        this,
        List.of(inProcess, raw, flushed, limited),
        List.of(
            Verdict.atLeast(
                GOAL, "(a) ratio to the file", inProcess.ratio(raw, Metric.MEGABYTES_PER_S)),
            Verdict.atLeast(GOAL, "(b) part of %d MB/s".formatted(limit / 1_000_000), ofLimit)),
        List.of(
            String.format(
                Locale.ROOT,
                "(a) no target: by fio with a flush for each 16 MiB, as the log has: %.3f",
                inProcess.ratio(flushed, Metric.MEGABYTES_PER_S))));
  }

  private void compareWithFile(Bench bench, Series ours, Series raw, Series flushed)
      throws IOException, InterruptedException {
    long bytes = bench.either(RUN_BYTES, QUICK_RUN_BYTES);
    Path file = bench.cacheFile();
    Fio fio = new Fio(bench.workspace());
    Load sequential =
        Load.sequentialWrites(RAW_REQUEST_BYTES, RAW_DEPTH, bytes).from(bench.behindLog());
    bench.interleave(
        this,
        Bench.WARM_UPS,
        counts -> {
          double ourRate = InProcessWrites.megabytesPerSecond(file, bytes);
          Run run = fio.run(file, sequential);
          Run withFlushes = fio.run(file, sequential.flushingAfter(RAW_REQUESTS_TO_FLUSH));
          if (counts) {
            ours.add(Metric.MEGABYTES_PER_S, ourRate);
            raw.add(run);
            flushed.add(withFlushes);
          }
        });
  }

  private void runLimited(Bench bench, long limit, Series measured)
      throws IOException, InterruptedException {
    Setup setup = Setup.actuator(bench.cacheFile(), VOLUME_BYTES).withCacheBytesPerS(limit);
    Load load = Load.randomWrites(DEPTH, VOLUME_BYTES).seconds(bench.seconds()).ramp(RAMP_S);
    Fio fio = new Fio(bench.workspace());
    try (Server ours = Server.bench(List.of(), bench.workspace(), setup)) {
      bench.interleave(
          this,
          /* warmUps= */ 1,
          counts -> {
            Run run = fio.run(ours, load);
            if (counts) {
              measured.add(run);
            }
          });
    }
  }
}
