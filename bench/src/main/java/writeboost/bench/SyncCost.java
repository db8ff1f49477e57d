package writeboost.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import writeboost.device.Blocking;
import writeboost.device.MemoryDevice;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.volume.Snapshot;
import writeboost.volume.Volume;
import writeboost.volume.VolumeOptions;

/**
 * Target T5: what a 4 KiB write that is flushed costs on the cache device, in bytes written and in
 * room in the log. Counted, not timed, so it is the same each time and needs one round.
 */
final class SyncCost implements Target {

  private static final long CACHE_BYTES = 256L << 20;
  private static final int BLOCK = Geometry.BLOCK;
  private static final int SEGMENTS = 100;
  private static final int LINES_PER_SEGMENT =
      new Geometry(VolumeOptions.DEFAULT_ORDER, CACHE_BYTES).linesPerSegment();
  private static final double GOAL_BYTES = 12 << 10;
  private static final double GOAL_LINES = 1;

  @Override
  public String name() {
    return "T5";
  }

  @Override
  public String what() {
    return "cache bytes written, and lines of the log, per flushed 4 KiB write";
  }

  @Override
  public String against() {
    return "dm-writeboost: one or two whole segments of 512 KiB";
  }

  @Override
  public String goal() {
    return "<= 12 KiB, one line";
  }

  @Override
  public List<String> programs() {
    return List.of();
  }

  @Override
  public Result measure(Bench bench) throws IOException {
    Series cost = new Series("writeboost");
    try (Arena arena = Arena.ofShared();
        MemoryDevice backing = new MemoryDevice(CACHE_BYTES);
        CountingDevice cache = new CountingDevice(new MemoryDevice(CACHE_BYTES));
        Volume volume =
            Volume.open(
                backing, cache, InProcessWrites.options("cache"), Formatter.Progress.NONE)) {
      MemorySegment data = arena.allocate(BLOCK, BLOCK);
      Blocking device = new Blocking(volume, "volume");
      device.write(0, data); // opens the first segment
      device.flush();
      Snapshot before = volume.snapshot();
      long bytesBefore = cache.bytesWritten();
      int writes = SEGMENTS * LINES_PER_SEGMENT;
      for (int i = 1; i <= writes; i++) {
        device.write((long) i * BLOCK, data);
        device.flush();
      }
      Snapshot after = volume.snapshot();
      cost.add(Metric.BYTES, (double) (cache.bytesWritten() - bytesBefore) / writes);
      cost.add(Metric.LINES, (double) (after.cursor() - before.cursor()) / writes);
      volume.stop();
    }
    return new Result(
        this,
        List.of(cost),
        List.of(
            Verdict.atMost(GOAL_BYTES, "bytes written per write", cost.median(Metric.BYTES)),
            Verdict.atMost(GOAL_LINES, "lines per write", cost.median(Metric.LINES))),
        List.of("dm-writeboost: 524288 to 1048576 bytes, 127 to 254 lines (its documents)"));
  }
}
