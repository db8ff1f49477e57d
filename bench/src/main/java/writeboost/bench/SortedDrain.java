package writeboost.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.DeviceFile;
import writeboost.device.FileDevice;
import writeboost.device.MemoryDevice;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.simulate.RotatingDisk;
import writeboost.volume.Tunable;
import writeboost.volume.Tunables;
import writeboost.volume.Volume;
import writeboost.volume.VolumeOptions;

/**
 * Target T6: how long it takes to write random blocks back to a rotating disk, and how long the
 * same writes take that disk in the order in which they came. The first in real time, in this
 * process, over a cache file; the second is known without waiting for it.
 */
final class SortedDrain implements Target {

  /** More than twice what is written: write-back must not begin before the drain. */
  private static final long CACHE_BYTES = 512L << 20;

  /** On average one block in so many bytes. */
  private static final long BYTES_PER_BLOCK = 128 << 10;

  private static final int BLOCK = Geometry.BLOCK;

  private static final int BLOCKS = 32_768;
  private static final int QUICK_BLOCKS = 8192;
  private static final int WARM_UP_BLOCKS = 2048;

  /** Between looks at how far a drain of half a minute is, which tells nobody when it ends. */
  private static final long PAUSE_MS = 2;

  private static final double GOAL = 5;

  @Override
  public String name() {
    return "T6";
  }

  @Override
  public String what() {
    return "drain of random 4 KiB blocks to the model of a rotating disk";
  }

  @Override
  public String against() {
    return "the same writes unsorted";
  }

  @Override
  public String goal() {
    return ">= 5 times as fast";
  }

  @Override
  public List<String> programs() {
    return List.of();
  }

  @Override
  public Result measure(Bench bench) throws IOException, InterruptedException {
    int blocks = (int) bench.either(BLOCKS, QUICK_BLOCKS);
    Path cacheFile = bench.newFile("drain.img", CACHE_BYTES);
    Series drained = new Series("drain");
    Series unsorted = new Series("unsorted");
    Bench.progress(this, "warming up");
    drain(cacheFile, places(WARM_UP_BLOCKS, 0));
    for (int round = 1; round <= bench.rounds(); round++) {
      Bench.progress(this, "round " + round);
      long[] places = places(blocks, round);
      drained.add(Metric.SECONDS, drain(cacheFile, places));
      unsorted.add(Metric.SECONDS, unsorted(places));
    }
    Files.delete(cacheFile);
    String note =
        "%d MiB over %d MiB; 7200 rpm, seek 0.5 to 8 ms, 150 MB/s"
            .formatted(((long) blocks * BLOCK) >> 20, (blocks * BYTES_PER_BLOCK) >> 20);
    double ratio = unsorted.ratio(drained, Metric.SECONDS);
    return new Result(
        this,
        List.of(drained, unsorted),
        List.of(Verdict.atLeast(GOAL, "time unsorted by time of the drain", ratio)),
        List.of(note));
  }

  /** Offsets of different blocks, in no order. */
  private static long[] places(int count, long seed) {
    return new Random(seed)
        .longs(0, count * BYTES_PER_BLOCK / BLOCK)
        .distinct()
        .limit(count)
        .map(block -> block * BLOCK)
        .toArray();
  }

  /** Writes everything into the log, drains it, and returns how long that took. */
  private static double drain(Path cacheFile, long[] places)
      throws IOException, InterruptedException {
    long volumeBytes = places.length * BYTES_PER_BLOCK;
    VolumeOptions options =
        new VolumeOptions(
                VolumeOptions.DEFAULT_ORDER,
                /* readOnly= */ false,
                VolumeOptions.DEFAULT_RAM_BUFFER_BYTES,
                /* cacheFreshlyCreated= */ true,
                /* backingFreshlyCreated= */ true,
                cacheFile.toString(),
                "disk")
            .withTunables(
                Tunables.STANDARD
                    .with(Tunable.ENABLE_MIGRATION_MODULATOR, 0)
                    .with(Tunable.ALLOW_MIGRATE, 0));
    try (Arena arena = Arena.ofShared();
        MemoryDevice content = new MemoryDevice(volumeBytes);
        BlockDevice cache = new FileDevice(DeviceFile.open(cacheFile, false))) {
      BenchServer.forget(cache, cacheFile.toString());
      RotatingDevice disk = new RotatingDevice(content);
      MemorySegment data = arena.allocate(BLOCK, BLOCK);
      try (Volume volume = Volume.open(disk, cache, options, Formatter.Progress.NONE)) {
        Blocking device = new Blocking(volume, "volume");
        for (long place : places) {
          data.set(ValueLayout.JAVA_LONG, 0, place);
          device.write(place, data);
        }
        device.flush();
        requireDirty(volume, places.length);
        long beginNs = System.nanoTime();
        volume.drain();
        while (!volume.snapshot().isDrained()) {
          Thread.sleep(PAUSE_MS);
        }
        double seconds = (System.nanoTime() - beginNs) / 1e9;
        volume.stop();
        requireContent(content, places, data);
        return seconds;
      }
    }
  }

  private static void requireDirty(Volume volume, int lines) throws IOException {
    if (volume.snapshot().dirtyLines() != lines) {
      throw new IOException("write-back has begun before the drain");
    }
  }

  private static void requireContent(BlockDevice content, long[] places, MemorySegment data)
      throws IOException {
    for (long place : places) {
      new Blocking(content, "disk").read(place, data);
      if (data.get(ValueLayout.JAVA_LONG, 0) != place) {
        throw new IOException("the drain has not written what is at " + place);
      }
    }
  }

  /** How long the disk takes for all of them, one right after the other. */
  private static double unsorted(long[] places) {
    RotatingDisk disk = new RotatingDisk(places.length * BYTES_PER_BLOCK);
    long doneNs = 0;
    for (long place : places) {
      doneNs = disk.serve(0, place, BLOCK);
    }
    return doneNs / 1e9;
  }
}
