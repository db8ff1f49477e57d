package writeboost.simulate;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Work;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.Superblock;
import writeboost.volume.Core;
import writeboost.volume.Snapshot;
import writeboost.volume.Start;
import writeboost.volume.Tunables;

/**
 * A volume in simulated time: its cache in RAM answers after 0.1 to 1 ms, so in any order, its
 * processor takes no time, its backing device takes the time that it takes. One thread.
 */
final class TimedVolume implements AutoCloseable {

  private static final int CACHE_LEAST_NS = 100_000;
  private static final int CACHE_MOST_NS = 1_000_000;
  private static final long TICK_NS = 100_000_000;
  private static final int RAM_BUFFERS = 16;

  final EventQueue queue;
  private final Chance chance = new Chance(0);
  private final Arena arena = Arena.ofShared();
  private final BlockDevice backing;
  private final BlockDevice cache;
  private final Core core;
  private final Effects[] effects = {new Effects(), new Effects()};
  private int collecting;
  private boolean carryingOut;

  /** Formats a cache of so many segments of 2^{@code order} sectors. */
  TimedVolume(EventQueue queue, BlockDevice backing, int order, int segments, Tunables tunables)
      throws IOException {
    this.queue = queue;
    this.backing = backing;
    long bytes = Geometry.SUPERBLOCK_REGION + segments * ((long) Geometry.SECTOR << order);
    cache = new MemoryDevice(bytes);
    Blocking blocking = new Blocking(cache, "cache");
    Geometry geometry = new Geometry(order, bytes);
    Superblock fresh = Superblock.create(geometry, new UUID(1, 2), backing.size(), 3, 4);
    Formatter.format(blocking, fresh, Formatter.Clearing.HEADERS, Formatter.Progress.NONE);
    core =
        Start.resume(blocking, false, RAM_BUFFERS, size -> arena.allocate(size, Geometry.BLOCK))
            .core();
    core.begin(tunables, false);
    queue.at(queue.nowNs() + TICK_NS, this::tick);
  }

  private void tick() {
    core.tick(queue.nowNs(), next());
    carryOut();
    queue.at(queue.nowNs() + TICK_NS, this::tick);
  }

  private Effects next() {
    return effects[collecting];
  }

  /** Returns before the request is answered. */
  void submit(Request request) {
    core.accept(new Request[] {request}, 1, next());
    carryOut();
  }

  /** Waits for the answer; returns its error. */
  int run(Operation operation, long offset, MemorySegment data, long length) {
    boolean[] done = new boolean[1];
    Request request = new Request(unused -> done[0] = true);
    request.set(operation, 0, offset, length, data, 0);
    submit(request);
    until(() -> done[0]);
    return request.error;
  }

  void drain() {
    core.drain(next());
    carryOut();
  }

  Snapshot snapshot() {
    return core.snapshot();
  }

  /** Lets time pass until something is so. */
  void until(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      queue.next();
    }
  }

  private void carryOut() {
    if (carryingOut) {
      return; // an answer from within, which the loop below sees
    }
    carryingOut = true;
    while (!next().isEmpty()) {
      Effects now = next();
      collecting ^= 1;
      for (int i = 0; i < now.operationCount(); i++) {
        submit(now.operation(i));
      }
      Work[] works = new Work[now.workCount()];
      for (int i = 0; i < works.length; i++) {
        works[i] = now.work(i);
        works[i].run();
      }
      core.published(works, works.length, next());
      for (int i = 0; i < now.answeredCount(); i++) {
        now.answered(i).complete(now.error(i));
      }
      now.clear();
    }
    carryingOut = false;
  }

  private void submit(DeviceOperation operation) {
    operation.request.completion(request -> answered(operation));
    Request[] one = {operation.request};
    switch (operation.target) {
      case CACHE -> {
        int takesNs = chance.between(CACHE_LEAST_NS, CACHE_MOST_NS);
        queue.at(queue.nowNs() + takesNs, () -> cache.submit(one, 1));
      }
      case BACKING -> backing.submit(one, 1);
    }
  }

  private void answered(DeviceOperation operation) {
    core.ioDone(operation, operation.request.error, next());
    carryOut();
  }

  @Override
  public void close() {
    cache.close();
    arena.close();
  }
}
