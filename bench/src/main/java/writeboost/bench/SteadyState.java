package writeboost.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a user gets once the log is full and each write has to wait until write-back has made room:
 * where caches of this kind collapse, so it is published though nobody has set a target for it.
 */
final class SteadyState implements Target {

  private static final int DEPTH = 32;
  private static final long LOG_BYTES = 64L << 20;
  private static final long VOLUME_BYTES = 512L << 20;

  /** Written before, as a multiple of the log: then it is full, and write-back at work. */
  private static final int LAPS = 3;

  /** Some sweeps of the log over a disk. */
  private static final int DISK_RUN_S = 20;

  private static final int QUICK_DISK_RUN_S = 8;

  @Override
  public String name() {
    return "steady";
  }

  @Override
  public String what() {
    return "4 KiB random writes, depth 32, with the log full and write-back running";
  }

  @Override
  public String against() {
    return "for orientation, the modelled disk under random writes of its own";
  }

  @Override
  public String goal() {
    return "";
  }

  @Override
  public List<String> programs() {
    return List.of("fio");
  }

  @Override
  public Result measure(Bench bench) throws IOException, InterruptedException {
    int diskRunS = (int) bench.either(DISK_RUN_S, QUICK_DISK_RUN_S);
    Series onDisk = new Series("onto a rotating disk");
    String diskLog = measure(bench, Setup.Backing.DISK, diskRunS, onDisk);
    Series onMemory = new Series("onto RAM");
    String memoryLog = measure(bench, Setup.Backing.MEMORY, bench.seconds(), onMemory);
    double disk = LappedLog.diskIops(VOLUME_BYTES);
    return new Result(
        this,
        List.of(onDisk, onMemory, new Series("the disk itself").add(Metric.IOPS, disk)),
        List.of(),
        List.of(
            "cache %d MiB, span %d MiB; %.1f times the disk's own pace"
                .formatted(LOG_BYTES >> 20, VOLUME_BYTES >> 20, onDisk.median(Metric.IOPS) / disk),
            onDisk.name() + ": " + diskLog,
            onMemory.name() + ": " + memoryLog));
  }

  /** Says what the log was like. */
  private String measure(Bench bench, Setup.Backing backing, int seconds, Series measured)
      throws IOException, InterruptedException {
    Path cache = bench.newFile("steady.img", LOG_BYTES);
    Setup setup = Setup.of(cache, VOLUME_BYTES, backing);
    Fio fio = new Fio(bench.workspace());
    String said;
    try (Server ours = Server.bench(List.of(), bench.workspace(), setup)) {
      Bench.progress(this, "filling the log, " + measured.name());
      fio.run(ours, Load.randomWrites(DEPTH, VOLUME_BYTES).bytes(LAPS * LOG_BYTES));
      Load load = Load.randomWrites(DEPTH, VOLUME_BYTES).seconds(seconds).again();
      bench.interleave(
          this,
          /* warmUps= */ 1,
          counts -> {
            Run run = fio.run(ours, load);
            if (counts) {
              measured.add(run);
            }
          });
      LogState log = ours.logState();
      said =
          "log written %.1f times over, %.0f %% full at the end"
              .formatted(log.laps(), 100 * log.full());
    }
    Files.delete(cache);
    return said;
  }
}
