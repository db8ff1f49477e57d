package writeboost.volume;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import writeboost.device.Blocking;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.effect.Timer;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.Superblock;

/**
 * A core with its driver between two {@link GatedDevice}s, on one thread, with a time of its own:
 * whatever can happen has happened when a call returns.
 */
final class SmallVolume implements AutoCloseable {

  static final int ORDER = 6;
  static final int LINES = (1 << ORDER - 3) - 1;
  static final int SEGMENTS = 16;

  private static final long BACKING_BYTES = 4 << 20;
  private static final long TICK_NS = 100_000_000;

  private final Arena arena = Arena.ofShared();
  final GatedDevice cache =
      new GatedDevice(Geometry.SUPERBLOCK_REGION + (long) SEGMENTS * (512 << ORDER));
  final GatedDevice backing;
  final Core core;
  final Driver driver;

  /** Requests that have been answered, in the order of the answers. */
  final List<Request> answered = new ArrayList<>();

  private final NavigableMap<Long, List<Timer>> alarms = new TreeMap<>();
  private long nowNs = 1;

  SmallVolume() throws IOException {
    this(4);
  }

  SmallVolume(int ramBuffers) throws IOException {
    this(ramBuffers, BACKING_BYTES);
  }

  SmallVolume(int ramBuffers, long backingBytes) throws IOException {
    backing = new GatedDevice(backingBytes);
    Superblock superblock =
        Superblock.create(new Geometry(ORDER, cache.size()), UUID.randomUUID(), backingBytes, 0, 0);
    Blocking blocking = new Blocking(cache, "cache");
    Formatter.format(blocking, superblock, Formatter.Clearing.NOTHING, Formatter.Progress.NONE);
    core = Start.resume(blocking, false, ramBuffers, this::memory).core();
    driver = new Driver(core, cache, backing, new OwnTime());
    forget();
  }

  private MemorySegment memory(long bytes) {
    return arena.allocate(bytes, Geometry.BLOCK);
  }

  /** The devices begin to count anew. */
  void forget() {
    cache.forget();
    backing.forget();
  }

  void tune(Tunable tunable, int value) {
    driver.tune(tunable, value);
  }

  /** Write-back runs never, unless room is short. */
  void stopWriteBack() {
    tune(Tunable.ENABLE_MIGRATION_MODULATOR, 0);
    tune(Tunable.ALLOW_MIGRATE, 0);
  }

  Request write(long block) {
    return write(block, (byte) 1, 0);
  }

  Request write(long block, byte fill, int flags) {
    MemorySegment data = memory(Geometry.BLOCK);
    data.fill(fill);
    return submit(Operation.WRITE, flags, block, data);
  }

  Request read(long block) {
    return submit(Operation.READ, 0, block, memory(Geometry.BLOCK));
  }

  Request flush() {
    return submit(request().set(Operation.FLUSH, 0, 0, 0));
  }

  /** Writes so many new blocks that so many segments are full. */
  void fillSegments(int segments) {
    long first = core.snapshot().linesDirtied();
    for (int i = 0; i < segments * LINES; i++) {
      write(first + i);
    }
  }

  private Request submit(Operation operation, int flags, long block, MemorySegment data) {
    long offset = block * Geometry.BLOCK;
    return submit(request().set(operation, flags, offset, Geometry.BLOCK, data, 0));
  }

  Request submit(Request request) {
    driver.submit(new Request[] {request}, 1);
    return request;
  }

  /** A request whose answer is noted. */
  Request request() {
    Request request = new Request(answered::add);
    request.error = -1;
    return request.set(Operation.FLUSH, 0, 0, 0);
  }

  Request suspend() {
    Request quiesced = request();
    driver.suspend(quiesced);
    return quiesced;
  }

  boolean isAnswered(Request request) {
    return answered.contains(request);
  }

  boolean isDone(Request request) {
    return answered.contains(request) && request.error == Errno.OK;
  }

  /** The first byte that a read has brought. */
  static byte content(Request read) {
    return read.data.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0);
  }

  /** Goes on when {@link #seconds} says so. */
  private final class OwnTime implements Time {
    @Override
    public long nowNs() {
      return nowNs;
    }

    @Override
    public void start(Timer timer) {
      alarms.computeIfAbsent(nowNs + timer.delayNs, unused -> new ArrayList<>()).add(timer);
    }
  }

  /** Time passes: ten ticks a second, timers in between. */
  void seconds(double seconds) {
    long endNs = nowNs + (long) (seconds * 1e9);
    while (nowNs < endNs) {
      long tickNs = Math.min((nowNs / TICK_NS + 1) * TICK_NS, endNs);
      Long alarmNs = alarms.isEmpty() ? null : alarms.firstKey();
      if (alarmNs != null && alarmNs <= tickNs) {
        nowNs = alarmNs;
        Objects.requireNonNull(alarms.remove(alarmNs)).forEach(driver::elapsed);
      } else {
        nowNs = tickNs;
        driver.tick(nowNs);
      }
    }
  }

  Snapshot snapshot() {
    return core.snapshot();
  }

  @Override
  public void close() {
    cache.close();
    backing.close();
    arena.close();
  }
}
