package writeboost.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import writeboost.device.BlockDevice;
import writeboost.device.DeviceFile;
import writeboost.device.FileDevice;
import writeboost.device.MemoryDevice;
import writeboost.layout.Formatter;
import writeboost.volume.Volume;

/**
 * Target T4: small writes, each followed by a flush, as databases do them: (a) while the log has
 * room, by 1 and by 16 clients; (b, c) when ten times the log has been written, so that write-back
 * has to keep up: (b) over a span that the log holds many times, (c) over one four times the log.
 */
final class FlushedWrites implements Target {

  static final int MANY = 16;

  /** Of the volume in this process; what all clients write in a run is a part of it. */
  private static final long LOG_BYTES = 1L << 30;

  private static final long QUICK_LOG_BYTES = 512L << 20;

  @Override
  public String name() {
    return "T4";
  }

  @Override
  public String what() {
    return "4 KiB random write + flush: (a) log has room, (b, c) 10 times the log written";
  }

  @Override
  public String against() {
    return "(a, b) fio fdatasync=1 on a written file, one thread; (c) the modelled disk itself";
  }

  @Override
  public String goal() {
    return "IOPS (a) >= 0.8 with 1 client, >= 4 with 16, (b) >= 0.8, (c) >= 3";
  }

  @Override
  public List<String> programs() {
    return List.of("fio", "nbdkit");
  }

  @Override
  public Result measure(Bench bench) throws IOException, InterruptedException {
    Series inProcess = new Series("(a) in process, 1 client");
    Series manyInProcess = new Series("(a) in process, 16");
    Series served = new Series("(a) over NBD, 1 client");
    Series manyServed = new Series("(a) over NBD, 16");
    Series raw = new Series("(a) fio on the file, 1");
    Series manyRaw = new Series("(a) fio on the file, 16");
    Series rawServed = new Series("(a) nbdkit file, 1 client");
    Series manyRawServed = new Series("(a) nbdkit file, 16");
    List<Series> roomy =
        List.of(
            served, manyServed, inProcess, manyInProcess, raw, manyRaw, rawServed, manyRawServed);
    measureRoomy(bench, roomy);
    LappedLog narrow = new LappedLog("(b)", LappedLog.LOG_BYTES / 8);
    narrow.measure(this, bench, onFile(bench));
    long wideSpan = 4 * LappedLog.LOG_BYTES;
    LappedLog wide = new LappedLog("(c)", wideSpan);
    wide.measure(this, bench, onFile(bench));
    Series disk = new Series("(c) the disk itself").add(Metric.IOPS, LappedLog.diskIops(wideSpan));
    List<Series> all = new ArrayList<>(roomy);
    all.addAll(narrow.figures());
    all.addAll(wide.figures());
    all.add(disk);
    return new Result(
        this,
        all,
        List.of(
            Verdict.atLeast(0.8, "(a) in process, 1 client by 1 thread", ratio(inProcess, raw)),
            Verdict.atLeast(4, "(a) in process, 16 clients by 1 thread", ratio(manyInProcess, raw)),
            Verdict.atLeast(0.8, "(a) over NBD, 1 client by 1 thread", ratio(served, raw)),
            Verdict.atLeast(4, "(a) over NBD, 16 clients by 1 thread", ratio(manyServed, raw)),
            Verdict.atLeast(0.8, "(b) in process, by 1 thread", narrow.inProcessByFile()),
            Verdict.atLeast(0.8, "(b) over NBD, by 1 thread", narrow.servedByFile()),
            Verdict.atLeast(3, "(c) over NBD, by the disk", ratio(wide.served(), disk))),
        List.of(
            withoutTarget(
                "fio with as many threads, in process", inProcess, raw, manyInProcess, manyRaw),
            withoutTarget("fio with as many threads, over NBD", served, raw, manyServed, manyRaw),
            withoutTarget("nbdkit file, over NBD", served, rawServed, manyServed, manyRawServed),
            narrow.describe(),
            wide.describe()));
  }

  private static String withoutTarget(
      String peer, Series one, Series peerOfOne, Series many, Series peerOfMany) {
    return String.format(
        Locale.ROOT,
        "(a) no target: by %s: %.3f with 1 client, %.3f with 16",
        peer,
        ratio(one, peerOfOne),
        ratio(many, peerOfMany));
  }

  static double ratio(Series ours, Series peer) {
    return ours.ratio(peer, Metric.IOPS);
  }

  /** Figures in the order of the table. */
  private void measureRoomy(Bench bench, List<Series> measured)
      throws IOException, InterruptedException {
    long logBytes = bench.either(LOG_BYTES, QUICK_LOG_BYTES);
    Path log = bench.newFile("flushed.img", logBytes);
    // Not the file that fio writes: what nbdkit leaves in the page cache would slow fio down.
    Path served = bench.newFile("served.img", logBytes);
    Path cache = bench.cacheFile();
    long span = 4 * bench.cacheBytes();
    Fio fio = new Fio(bench.workspace());
    Load load = onFile(bench);
    try (Server server = Server.bench(List.of(), bench.workspace(), Setup.actuator(cache, span));
        Server file = Server.nbdkitFile(bench.workspace(), served);
        FlushingClients one = FlushingClients.of(server, 1);
        FlushingClients many = FlushingClients.of(server, MANY);
        FlushingClients oneOfFile = FlushingClients.of(file, 1);
        FlushingClients manyOfFile = FlushingClients.of(file, MANY)) {
      int seconds = bench.seconds();
      long bytes = bench.logBytesPerRun() / 2;
      bench.interleave(
          this,
          Bench.WARM_UPS,
          counts -> {
            List<Run> round = new ArrayList<>();
            round.add(one.run(server, span, seconds, bytes));
            round.add(many.run(server, span, seconds, bytes));
            server.pause();
            round.add(runInProcess(bench, log, logBytes, 1));
            round.add(runInProcess(bench, log, logBytes, MANY));
            round.add(fio.run(cache, load));
            round.add(fio.run(cache, load.clients(MANY)));
            round.add(oneOfFile.run(file, logBytes, seconds, bytes));
            round.add(manyOfFile.run(file, logBytes, seconds, bytes));
            server.goOn();
            for (int i = 0; counts && i < round.size(); i++) {
              measured.get(i).add(round.get(i));
            }
          });
    }
    Files.delete(log);
    Files.delete(served);
  }

  /** The peer's: one thread, on a part of the cache file. */
  private static Load onFile(Bench bench) {
    return Load.randomWrites(1, bench.either(LOG_BYTES, QUICK_LOG_BYTES))
        .from(bench.behindLog())
        .flushingEach()
        .seconds(bench.seconds())
        .again();
  }

  /** In a log that is empty, and gets three quarters full at most. */
  private static Run runInProcess(Bench bench, Path log, long logBytes, int clients)
      throws IOException {
    String name = log.toString();
    long span = 4 * logBytes;
    try (MemoryDevice backing = new MemoryDevice(span);
        BlockDevice cache = new FileDevice(DeviceFile.open(log, false))) {
      BenchServer.forget(cache, name);
      try (Volume volume =
          Volume.open(backing, cache, InProcessWrites.options(name), Formatter.Progress.NONE)) {
        Run run = FlushingClients.of(volume, clients).run(span, bench.seconds(), logBytes / 4 * 3);
        volume.stop();
        return run;
      }
    }
  }
}
