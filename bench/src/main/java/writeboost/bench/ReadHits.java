package writeboost.bench;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * Target T10: small reads that the cache device answers. The server is started anew after the cache
 * was filled, so nothing is in its RAM; both sides read the same file past the page cache.
 */
final class ReadHits implements Target {

  private static final int DEPTH = 32;
  private static final long VOLUME_BYTES = 1L << 30;
  private static final long QUICK_VOLUME_BYTES = 256L << 20;
  private static final double GOAL = 1.5;

  @Override
  public String name() {
    return "T10";
  }

  @Override
  public String what() {
    return "4 KiB random reads that hit on the cache device, depth 32";
  }

  @Override
  public String against() {
    return "qemu-nbd --cache=none --aio=io_uring on the same file";
  }

  @Override
  public String goal() {
    return "IOPS >= 1.5";
  }

  @Override
  public List<String> programs() {
    return List.of("fio", "qemu-nbd");
  }

  @Override
  public Result measure(Bench bench) throws IOException, InterruptedException {
    long bytes = bench.either(VOLUME_BYTES, QUICK_VOLUME_BYTES);
    Workspace workspace = bench.workspace();
    Fio fio = new Fio(workspace);
    try (CachePair pair = CachePair.in(bench, bench.cacheFile(), bytes)) {
      Bench.progress(this, "filling the cache");
      try (Server filled = pair.serve()) {
        fio.run(filled, Load.everyBlockOnce(DEPTH, bytes));
        filled.stop();
      }
      Load load = Load.randomReads(DEPTH, bytes).seconds(bench.seconds()).again();
      try (Server ours = pair.serve();
          Server qemu = Server.qemuNbd(workspace, pair.cache())) {
        Series hits = new Series(ours.name());
        Series direct = new Series(qemu.name());
        Series raw = new Series("fio on the file");
        bench.interleave(
            this,
            Bench.WARM_UPS,
            counts -> {
              Run hit = fio.run(ours, load);
              Run read = fio.run(qemu, load);
              Run alone = fio.run(pair.cache(), load);
              if (counts) {
                hits.add(hit);
                direct.add(read);
                raw.add(alone);
              }
            });
        return new Result(
            this,
            List.of(hits, direct, raw),
            List.of(
                Verdict.atLeast(GOAL, "IOPS, ratio to qemu-nbd", hits.ratio(direct, Metric.IOPS))),
            List.of(
                "%d MiB, all of it in the cache".formatted(bytes >> 20),
                String.format(
                    Locale.ROOT,
                    "no target: by fio on the file, no server between: ours %.3f, qemu-nbd %.3f",
                    hits.ratio(raw, Metric.IOPS),
                    direct.ratio(raw, Metric.IOPS))));
      }
    }
  }
}
