package writeboost.bench.micro;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import writeboost.device.AnonymousMemory;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.Errno;
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
import writeboost.volume.Tunable;
import writeboost.volume.Tunables;

/**
 * A core over a new cache, and what drives it: all that it asks for is done at once on the caller's
 * thread, in the order in which it asks, until nothing is left. Time stands still, and nothing is
 * written back. One thread; once it is warm it allocates nothing.
 */
final class InlineCore implements AutoCloseable {

  /** Segments of 512 KiB, as usual. */
  private static final int ORDER = 10;

  private static final Tunables NO_WRITEBACK =
      Tunables.STANDARD.with(Tunable.ENABLE_MIGRATION_MODULATOR, 0).with(Tunable.ALLOW_MIGRATE, 0);

  private final BlockDevice cache;
  private final BlockDevice backing;
  private final Core core;
  private final List<MemorySegment> memory = new ArrayList<>();
  private final ArrayDeque<DeviceOperation> answered = new ArrayDeque<>();
  private final Request.Completion completion = this::answered;
  private final Request request = new Request(unused -> {});
  private final Request[] batch = {request};
  private final Request[] submitted = new Request[1];
  private Work[] works = new Work[64];
  private Effects next = new Effects();
  private Effects spare = new Effects();
  private long operations;

  /**
   * @param cache answers inside {@code submit}, as {@code backing} does; both are closed with this
   * @param ramBuffers segments in RAM
   */
  InlineCore(BlockDevice cache, BlockDevice backing, int ramBuffers) {
    this.cache = cache;
    this.backing = backing;
    try {
      Blocking device = new Blocking(cache, "cache");
      Superblock superblock =
          Superblock.create(
              new Geometry(ORDER, cache.size()), new UUID(1, 2), backing.size(), 3, 4);
      Formatter.format(device, superblock, Formatter.Clearing.NOTHING, Formatter.Progress.NONE);
      core = Start.resume(device, /* readOnly= */ false, ramBuffers, this::reserve).core();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    core.begin(NO_WRITEBACK, /* failWhenFull= */ false);
  }

  private MemorySegment reserve(long bytes) {
    try {
      MemorySegment reserved = AnonymousMemory.reserve(bytes);
      AnonymousMemory.preferHugePages(reserved);
      memory.add(reserved);
      return reserved;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes {@code data}, 4096 bytes, to {@code block}. */
  void write(long block, MemorySegment data) {
    run(Operation.WRITE, block, data);
  }

  /** Reads {@code block} into {@code data}, 4096 bytes. */
  void read(long block, MemorySegment data) {
    run(Operation.READ, block, data);
  }

  /** Everything that was written before is on the cache device afterwards. */
  void flush() {
    request.set(Operation.FLUSH, 0, 0, 0);
    run();
  }

  private void run(Operation operation, long block, MemorySegment data) {
    request.set(operation, 0, block * Geometry.BLOCK, Geometry.BLOCK, data, 0);
    run();
  }

  private void run() {
    request.error = -1;
    core.accept(batch, 1, next);
    carryOut();
    if (request.error != Errno.OK) {
      throw new IllegalStateException(request + " was answered " + request.error);
    }
  }

  private void carryOut() {
    while (!next.isEmpty() || !answered.isEmpty()) {
      Effects now = next;
      next = spare;
      spare = now;
      for (int i = 0; i < now.operationCount(); i++) {
        submit(now.operation(i));
      }
      runWorks(now);
      for (int i = 0; i < now.answeredCount(); i++) {
        now.answered(i).complete(now.error(i));
      }
      now.clear();
      for (DeviceOperation one = answered.poll(); one != null; one = answered.poll()) {
        core.ioDone(one, one.request.error, next);
      }
    }
  }

  private void runWorks(Effects now) {
    int count = now.workCount();
    if (count == 0) {
      return;
    }
    if (works.length < count) {
      works = new Work[count * 2];
    }
    for (int i = 0; i < count; i++) {
      works[i] = now.work(i);
      works[i].run();
    }
    core.published(works, count, next);
  }

  private void submit(DeviceOperation operation) {
    operations++;
    operation.request.completion(completion);
    submitted[0] = operation.request;
    (operation.target == DeviceOperation.Target.CACHE ? cache : backing).submit(submitted, 1);
  }

  private void answered(Request done) {
    @Nullable Object owner = done.attachment;
    answered.add((DeviceOperation) Objects.requireNonNull(owner));
  }

  /** That either device was asked for so far. */
  long operations() {
    return operations;
  }

  /** Segments that were begun, of those there are: 0 .. 1. */
  double fill() {
    Snapshot now = core.snapshot();
    return (double) now.newestId() / now.segments();
  }

  @Override
  public void close() {
    memory.forEach(AnonymousMemory::release);
    memory.clear();
    cache.close();
    backing.close();
  }
}
