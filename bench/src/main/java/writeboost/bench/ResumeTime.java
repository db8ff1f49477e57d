package writeboost.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import writeboost.device.FileCreation;

/**
 * Target T8: how long the command takes, killed and started again, to serve a large cache with much
 * that is not written back. From exec to ready, so the start of a JVM is in it.
 */
final class ResumeTime implements Target {

  /** Sparse: only what is written takes room. */
  private static final long CACHE_BYTES = 1L << 40;

  private static final long VOLUME_BYTES = 64L << 30;
  private static final long DIRTY_BYTES = 4L << 30;
  private static final long QUICK_DIRTY_BYTES = 256L << 20;
  private static final int DEPTH = 32;
  private static final int CLIENTS = 16;
  private static final double GOAL_S = 2;

  /** That the filling may take. */
  private static final long PATIENCE_S = 1200;

  private interface Filling {
    void fill(Server server) throws IOException, InterruptedException;
  }

  @Override
  public String name() {
    return "T8";
  }

  @Override
  public String what() {
    return "resume after a kill: 1 TiB sparse cache, 4 GiB dirty; also when made by fsyncs";
  }

  @Override
  public String against() {
    return "a limit; dm-writeboost reads the whole cache device";
  }

  @Override
  public String goal() {
    return "<= 2 s";
  }

  @Override
  public List<String> programs() {
    return List.of("fio");
  }

  @Override
  public Result measure(Bench bench) throws IOException, InterruptedException {
    long dirty = bench.either(DIRTY_BYTES, QUICK_DIRTY_BYTES);
    Fio fio = new Fio(bench.workspace());
    Load load = Load.randomWrites(DEPTH, VOLUME_BYTES).bytes(dirty);
    Series one = measure(bench, new Series("after writes"), filled -> fio.run(filled, load));
    Series other =
        measure(
            bench,
            new Series("after flushed writes"),
            filled -> {
              try (FlushingClients clients = FlushingClients.of(filled, CLIENTS)) {
                clients.run(VOLUME_BYTES, PATIENCE_S, dirty);
              }
            });
    return new Result(
        this,
        List.of(one, other),
        List.of(
            Verdict.atMost(GOAL_S, "seconds, writes", one.median(Metric.SECONDS)),
            Verdict.atMost(GOAL_S, "seconds, flushed writes", other.median(Metric.SECONDS))),
        List.of(
            "%d MiB written before; the process killed each time, the machine not"
                .formatted(dirty >> 20)));
  }

  private Series measure(Bench bench, Series resumes, Filling filling)
      throws IOException, InterruptedException {
    Path cache = bench.workspace().file("large.img");
    FileCreation.sparse(cache, CACHE_BYTES).close();
    try (CachePair pair = CachePair.in(bench, cache, VOLUME_BYTES)) {
      Bench.progress(this, "filling the cache: " + resumes.name());
      try (Server filled = pair.serve()) {
        filling.fill(filled);
      } // killed
      bench.interleave(
          this,
          /* warmUps= */ 1,
          counts -> {
            try (Server ours = pair.serve()) {
              if (counts) {
                resumes.add(Metric.SECONDS, ours.startNs() / 1e9);
              }
            }
          });
    }
    Files.delete(cache);
    return resumes;
  }
}
