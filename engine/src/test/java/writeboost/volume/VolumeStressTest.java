package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import writeboost.device.BlockDevice;
import writeboost.device.FileCreation;
import writeboost.device.FileDevice;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Formatter;

/**
 * Several threads on real files: each owns every n-th sector range, so that blocks and segments are
 * shared by all, and every read has one right answer.
 */
class VolumeStressTest {

  private static final int THREADS = 4;
  private static final int BATCH = 16;
  private static final int SECTOR = 512;
  private static final int SECTORS = 8192;
  private static final long SEED = 20130928;

  @TempDir Path folder;

  @Test
  @Timeout(120)
  void everyThreadReadsWhatItWrote() throws Exception {
    byte[][] models = new byte[THREADS][SECTORS * SECTOR];
    for (int life = 0; life < 2; life++) {
      try (BlockDevice backing = device("backing.img", SECTORS * SECTOR, life > 0);
          BlockDevice cache = device("cache.img", 3 << 20, life > 0);
          Volume volume = open(backing, cache, life == 0)) {
        run(volume, models, life);
        volume.stop();
      }
    }
  }

  private BlockDevice device(String name, long size, boolean exists) throws IOException {
    Path path = folder.resolve(name);
    return new FileDevice(
        exists ? writeboost.device.DeviceFile.open(path, false) : FileCreation.sparse(path, size));
  }

  private static Volume open(BlockDevice backing, BlockDevice cache, boolean fresh)
      throws IOException {
    VolumeOptions options =
        new VolumeOptions(7, false, 8 * (512L << 7), fresh, false, "cache", "backing");
    return Volume.open(backing, cache, options, Formatter.Progress.NONE);
  }

  private static void run(Volume volume, byte[][] models, int life) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> ends = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        Client client = new Client(volume, models[t], t, new Random(SEED + life * 100L + t));
        ends.add(threads.submit(client::run));
      }
      if (life > 0) {
        operate(volume, ends, new Random(SEED));
      }
      for (Future<?> end : ends) {
        end.get(100, TimeUnit.SECONDS);
      }
    }
  }

  /** Suspends, drains and tunes while there are clients; they must not notice. */
  private static void operate(Volume volume, List<Future<?>> clients, Random random)
      throws IOException {
    for (int i = 0; i < 200 && !clients.stream().allMatch(Future::isDone); i++) {
      switch (random.nextInt(6)) {
        case 0 -> volume.drain();
        case 1 -> volume.cancelDrain();
        case 2 -> {
          Tunable tunable = Tunable.values()[random.nextInt(Tunable.values().length)];
          int most = tunable == Tunable.BARRIER_DEADLINE_MS ? 3 : tunable.most();
          volume.tune(tunable, tunable.least() + random.nextInt(most - tunable.least() + 1));
        }
        default -> {
          volume.suspend();
          assertThat(volume.snapshot().suspended()).isTrue();
          volume.resume();
        }
      }
    }
  }

  /** Owns the sectors whose number modulo {@link #THREADS} is {@code t}. */
  private record Client(Volume volume, byte[] model, int t, Random random) {

    void run() {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment memory = arena.allocate((long) BATCH * SECTOR);
        for (int round = 0; round < 3000; round++) {
          batch(memory, round);
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    /** Distinct sectors, written or read in one batch. */
    private void batch(MemorySegment memory, int round) throws InterruptedException {
      CountDownLatch answers = new CountDownLatch(BATCH);
      Request[] requests = new Request[BATCH];
      int first = random.nextInt(SECTORS / THREADS - BATCH);
      boolean write = random.nextInt(3) > 0;
      for (int i = 0; i < BATCH; i++) {
        int sector = (first + i) * THREADS + t;
        requests[i] = new Request(request -> answers.countDown());
        if (write) {
          byte value = (byte) (1 + random.nextInt(127));
          memory.asSlice((long) i * SECTOR, SECTOR).fill(value);
          java.util.Arrays.fill(model, sector * SECTOR, (sector + 1) * SECTOR, value);
        }
        int flags = write && random.nextInt(200) == 0 ? Request.FUA : 0;
        requests[i].set(
            write ? Operation.WRITE : Operation.READ,
            flags,
            (long) sector * SECTOR,
            SECTOR,
            memory,
            (long) i * SECTOR);
      }
      volume.submit(requests, BATCH);
      answers.await();
      for (int i = 0; i < BATCH; i++) {
        assertThat(requests[i].error).as("thread %d round %d", t, round).isZero();
        long offset = requests[i].offset;
        MemorySegment expected = MemorySegment.ofArray(model).asSlice(offset, SECTOR);
        assertThat(memory.asSlice((long) i * SECTOR, SECTOR).mismatch(expected))
            .as("seed %d thread %d round %d sector %d", SEED, t, round, offset / SECTOR)
            .isEqualTo(-1);
      }
    }
  }
}
