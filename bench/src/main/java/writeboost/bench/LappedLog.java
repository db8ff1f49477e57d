package writeboost.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import writeboost.device.BlockDevice;
import writeboost.device.DeviceFile;
import writeboost.device.FileDevice;
import writeboost.device.MemoryDevice;
import writeboost.layout.Formatter;
import writeboost.simulate.RotatingDisk;
import writeboost.volume.Volume;

/**
 * Parts (b) and (c) of {@link FlushedWrites}: one client that flushes each write, after a small log
 * in front of a rotating disk has been written several times over, so that write-back has to keep
 * up. Each side is at work alone: all others are stopped meanwhile. One thread.
 */
final class LappedLog {

  /** Small, so that ten times as much is written in minutes at the pace of a disk. */
  static final long LOG_BYTES = 64L << 20;

  private static final int LAPS = 10;
  private static final int QUICK_LAPS = 3;

  /** A sweep of the small log over the disk takes some of them. */
  private static final int RUN_S = 10;

  private static final int QUICK_RUN_S = 4;

  /** That filling the log may take. */
  private static final long PATIENCE_S = 1200;

  /** Writes by which the disk's own pace is computed. */
  private static final int MODEL_WRITES = 10_000;

  private final String name;
  private final long spanBytes;
  private final Series served;
  private final Series inProcess;
  private final Series raw;
  private String state = "";

  /**
   * @param spanBytes clients write anywhere in it
   */
  LappedLog(String name, long spanBytes) {
    this.name = name;
    this.spanBytes = spanBytes;
    served = new Series(name + " over NBD, 1 client");
    inProcess = new Series(name + " in process, 1 client");
    raw = new Series(name + " fio on the file, 1");
  }

  Series served() {
    return served;
  }

  List<Series> figures() {
    return List.of(served, inProcess, raw);
  }

  double servedByFile() {
    return FlushedWrites.ratio(served, raw);
  }

  double inProcessByFile() {
    return FlushedWrites.ratio(inProcess, raw);
  }

  /** For a reader of the figures. */
  String describe() {
    return name + " " + state;
  }

  /**
   * @param onFile the peer's load
   */
  void measure(Target target, Bench bench, Load onFile) throws IOException, InterruptedException {
    Path cache = bench.newFile("lapped.img", LOG_BYTES);
    Path cacheInProcess = bench.newFile("lapped-in-process.img", LOG_BYTES);
    Setup setup = Setup.of(cache, spanBytes, Setup.Backing.DISK);
    String ours = cacheInProcess.toString();
    Fio fio = new Fio(bench.workspace());
    try (Server server = Server.bench(List.of(), bench.workspace(), setup);
        FlushingClients one = FlushingClients.of(server, 1);
        FlushingClients many = FlushingClients.of(server, FlushedWrites.MANY);
        BlockDevice disk = new RotatingDevice(new MemoryDevice(spanBytes));
        BlockDevice log = new FileDevice(DeviceFile.open(cacheInProcess, false))) {
      long fill = bench.either(LAPS, QUICK_LAPS) * LOG_BYTES;
      Bench.progress(target, "writing the log several times over");
      many.run(spanBytes, PATIENCE_S, fill);
      LogState before = server.logState();
      server.pause();
      BenchServer.forget(log, ours);
      try (Volume volume =
          Volume.open(disk, log, BenchServer.options(ours), Formatter.Progress.NONE)) {
        Bench.progress(target, "the same in process");
        FlushingClients.of(volume, FlushedWrites.MANY).run(spanBytes, PATIENCE_S, fill);
        volume.suspend();
        int seconds = (int) bench.either(RUN_S, QUICK_RUN_S);
        bench.interleave(
            target,
            /* warmUps= */ 1,
            counts -> {
              server.goOn();
              Run overNbd = one.run(server, spanBytes, seconds, Long.MAX_VALUE);
              server.pause();
              volume.resume();
              Run direct = FlushingClients.of(volume, 1).run(spanBytes, seconds, Long.MAX_VALUE);
              volume.suspend();
              Run onRaw = fio.run(bench.cacheFile(), onFile);
              if (counts) {
                served.add(overNbd);
                inProcess.add(direct);
                raw.add(onRaw);
              }
            });
        server.goOn();
        state = describe(before, server.logState());
        volume.stop();
      }
    }
    Files.delete(cache);
    Files.delete(cacheInProcess);
  }

  private static String describe(LogState before, LogState after) {
    return "log of %d MiB written %.1f times over before, %.0f %% full then, %.0f %% at the end"
        .formatted(LOG_BYTES >> 20, before.laps(), 100 * before.full(), 100 * after.full());
  }

  /** Random writes of a block each that the model takes in a second, one after the other. */
  static double diskIops(long spanBytes) {
    RotatingDisk disk = new RotatingDisk(spanBytes);
    Random random = new Random(1);
    int block = Load.BLOCK_BYTES;
    long doneNs = 0;
    for (int i = 0; i < MODEL_WRITES; i++) {
      doneNs = disk.serve(0, random.nextLong(spanBytes / block) * block, block);
    }
    return MODEL_WRITES * 1e9 / doneNs;
  }
}
