package writeboost.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.DeviceFile;
import writeboost.device.FileCreation;
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
 * Benchmark T6: how long it takes to write random blocks back to a rotating disk, and how long the
 * same writes take that disk in the order in which they came. The first in real time, in this
 * process, over a cache file; the second is known without waiting for it.
 */
final class Drain {

  /** More than twice what is written: write-back must not begin before the drain. */
  static final long CACHE_BYTES = 512L << 20;

  /** On average one block in so many bytes. */
  private static final long BYTES_PER_BLOCK = 128 << 10;

  private static final int BLOCK = Geometry.BLOCK;

  private static final int WARM_UP_BLOCKS = 2048;
  private static final long PAUSE_MS = 2;

  private final Path cacheFile;
  private final boolean sparse;
  private final int blocks;

  /** With a cache file of its own, written beforehand or {@code sparse}. */
  Drain(Path cacheFile, boolean sparse, int blocks) {
    this.cacheFile = cacheFile;
    this.sparse = sparse;
    this.blocks = blocks;
  }

  DrainResult measure(int rounds) throws IOException, InterruptedException {
    if (sparse) {
      FileCreation.sparse(cacheFile, CACHE_BYTES).close();
    } else {
      FileCreation.allocated(cacheFile, CACHE_BYTES, done -> {}).close();
    }
    List<Double> drains = new ArrayList<>();
    List<Double> unsorteds = new ArrayList<>();
    System.err.println("bench/compare: T6, warming up");
    drain(places(WARM_UP_BLOCKS, 0));
    for (int round = 1; round <= rounds; round++) {
      System.err.printf("bench/compare: T6, round %d%n", round);
      long[] places = places(blocks, round);
      drains.add(drain(places));
      unsorteds.add(unsorted(places));
    }
    return new DrainResult(blocks, blocks * BYTES_PER_BLOCK, drains, unsorteds);
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
  private double drain(long[] places) throws IOException, InterruptedException {
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
