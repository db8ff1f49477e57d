package writeboost.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.DeviceFile;
import writeboost.device.Errno;
import writeboost.device.FileDevice;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.volume.Tunable;
import writeboost.volume.Tunables;
import writeboost.volume.Volume;
import writeboost.volume.VolumeOptions;

/** Writes into a volume in this process, without a client and a protocol. */
final class InProcessWrites {

  private static final int BLOCK = Geometry.BLOCK;
  private static final int BATCH = 32;

  /** Requests that are under way at most: the volume may have to let them wait for its log. */
  private static final int BATCHES = 8;

  /**
   * Odd, so that its multiples modulo a power of two come to every block before one comes again.
   */
  private static final long STRIDE = 0x9E3779B1L;

  private InProcessWrites() {}

  /** Options for a volume whose write-back does not begin before the log is nearly full. */
  static VolumeOptions options(String cacheName) {
    return BenchServer.options(cacheName)
        .withTunables(
            Tunables.STANDARD
                .with(Tunable.ENABLE_MIGRATION_MODULATOR, 0)
                .with(Tunable.ALLOW_MIGRATE, 0));
  }

  /**
   * Writes blocks, none of them twice, in no order, into an empty log, and flushes it. The time of
   * the flush counts.
   *
   * @param bytes a power of two
   */
  static double megabytesPerSecond(Path cacheFile, long bytes) throws IOException {
    String name = cacheFile.toString();
    try (MemoryDevice backing = new MemoryDevice(bytes);
        BlockDevice cache = new FileDevice(DeviceFile.open(cacheFile, false))) {
      BenchServer.forget(cache, name);
      try (Volume volume = Volume.open(backing, cache, options(name), Formatter.Progress.NONE)) {
        long beginNs = System.nanoTime();
        writeEveryBlock(volume, bytes / BLOCK);
        new Blocking(volume, "volume").flush();
        long ns = System.nanoTime() - beginNs;
        volume.stop();
        return bytes * 1e3 / ns;
      }
    }
  }

  /**
   * Writes each block once, in no order.
   *
   * @param blocks a power of two
   */
  static void writeEveryBlock(BlockDevice device, long blocks) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(BLOCK, BLOCK);
      Semaphore free = new Semaphore(BATCHES * BATCH);
      AtomicInteger error = new AtomicInteger();
      Request[] requests = new Request[BATCHES * BATCH];
      for (int i = 0; i < requests.length; i++) {
        requests[i] =
            new Request(
                done -> {
                  if (done.error != Errno.OK) {
                    error.set(done.error);
                  }
                  free.release();
                });
      }
      Request[] batch = new Request[BATCH];
      for (long block = 0; block < blocks && error.get() == Errno.OK; block += BATCH) {
        int count = (int) Math.min(BATCH, blocks - block);
        // All of a turn are done before one of them is used again.
        int turn = (int) (block / BATCH % BATCHES);
        if (turn == 0) {
          free.acquireUninterruptibly(requests.length);
          free.release(requests.length);
        }
        free.acquireUninterruptibly(count);
        for (int i = 0; i < count; i++) {
          long place = (block + i) * STRIDE & blocks - 1;
          batch[i] =
              requests[turn * BATCH + i].set(Operation.WRITE, 0, place * BLOCK, BLOCK, data, 0);
        }
        device.submit(batch, count);
      }
      free.acquireUninterruptibly(requests.length);
      if (error.get() != Errno.OK) {
        throw new IOException("a write failed: " + Errno.name(error.get()));
      }
    }
  }
}
