package writeboost.volume;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import writeboost.device.AnonymousMemory;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Fingerprint;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.LapLayout;
import writeboost.layout.Superblock;
import writeboost.layout.UnusableCacheException;
import writeboost.log.Recovery;
import writeboost.log.Rules;
import writeboost.volume.Preparation.Found;

/**
 * A cached volume: a small fast cache device in front of a large slow backing device, itself a
 * block device. Any thread.
 *
 * <pre>
 * try (Volume volume = Volume.open(backing, cache, options, Formatter.Progress.NONE)) {
 *   volume.submit(requests, count);
 *   ...
 *   volume.stop();      // flushes RAM to the cache device; the rest stays in the log
 * }
 * </pre>
 *
 * <p>Writes are acknowledged from RAM; a FLUSH, or FUA on a write, is acknowledged once everything
 * before it is durable on the cache device. After a crash the volume equals a prefix of what was
 * written, with at least everything that a FLUSH had covered.
 */
public final class Volume implements BlockDevice {

  /** What write-back gets to come to its end when the volume is closed, and how often to look. */
  private static final long IDLE_NS = TimeUnit.SECONDS.toNanos(1);

  private static final long IDLE_PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(100);

  private final BlockDevice backing;
  private final Blocking cache;
  private final Start.Started started;
  private final Driver driver;
  private final Limits limits;
  private final boolean changesNothing;
  private final List<MemorySegment> memory;
  private final Found found;
  private final Timekeeper timekeeper = new Timekeeper();

  /** Null where nothing is written. */
  private final @Nullable Prefault prefault;

  private boolean closed;

  private Volume(
      BlockDevice backing,
      Blocking cache,
      VolumeOptions options,
      Start.Started started,
      List<MemorySegment> memory,
      Found found) {
    this.backing = backing;
    this.cache = cache;
    this.started = started;
    this.memory = memory;
    this.found = found;
    this.driver = new Driver(started.core(), cache.device(), backing, timekeeper);
    this.changesNothing = options.readOnly();
    boolean readOnly = changesNothing || found == Found.BORROWED;
    boolean trims = options.layout().hasZeroRuns();
    this.limits = new Limits(readOnly, Geometry.SECTOR, Geometry.BLOCK, true, trims);
    started.core().begin(options.tunables(), options.failWhenFull());
    timekeeper.begin(driver);
    this.prefault = readOnly ? null : Prefault.begin(started.ramBuffers());
  }

  /**
   * Opens a cache that belongs to {@code backing}, or formats one where the cache device is empty
   * (DESIGN section 4, "Format or resume"). The devices stay the caller's; they are not closed
   * here. A cache of the kernel module is adopted, or opened to be written back, where the options
   * say so.
   *
   * @throws UnusableCacheException if the cache device holds something else, or belongs to another
   *     volume; nothing was written
   * @throws IOException if a device fails, or memory cannot be had
   */
  public static Volume open(
      BlockDevice backing, BlockDevice cache, VolumeOptions options, Formatter.Progress progress)
      throws IOException {
    Blocking blockingCache = new Blocking(cache, options.cacheName());
    List<MemorySegment> memory = new ArrayList<>();
    try {
      Found found =
          new Preparation(backing, blockingCache, options, progress)
              .run(
                  reserve(Geometry.SUPERBLOCK_REGION, memory),
                  reserve(Geometry.SUPERBLOCK_REGION, memory));
      Start.Started started = start(backing, blockingCache, options, found, progress, memory);
      return new Volume(backing, blockingCache, options, started, memory, found);
    } catch (UncheckedIOException e) {
      memory.forEach(AnonymousMemory::release);
      throw e.getCause();
    } catch (IOException | RuntimeException e) {
      memory.forEach(AnonymousMemory::release);
      throw e;
    }
  }

  private static Start.Started start(
      BlockDevice backing,
      Blocking cache,
      VolumeOptions options,
      Found found,
      Formatter.Progress progress,
      List<MemorySegment> memory)
      throws IOException {
    int ramBuffers = options.ramBufferCount(Geometry.SECTOR << options.order());
    boolean salvage = options.salvage();
    LongFunction<MemorySegment> give = bytes -> reserve(bytes, memory);
    if (options.layout() == LapLayout.INSTANCE) {
      return Start.resumeLaps(
          cache,
          Preparation.geometry(cache, options),
          backing.size(),
          options.readOnly(),
          ramBuffers,
          give,
          salvage,
          Rules.ALL);
    }
    if (found == Found.FORMATTED || found == Found.OURS) {
      return Start.resume(cache, options.readOnly(), ramBuffers, give, salvage, Rules.ALL);
    }
    Fingerprint known = found == Found.ADOPTED ? backing.giveFingerprint() : backing.fingerprint();
    Superblock fresh =
        Superblock.create(
            Preparation.geometry(cache, options),
            UUID.randomUUID(),
            backing.size(),
            known.high(),
            known.low());
    Blocking backingNow = new Blocking(backing, options.backingName());
    return found == Found.ADOPTED
        ? Start.adopt(cache, backingNow, fresh, salvage, ramBuffers, give, progress)
        : Start.borrow(cache, backingNow, fresh, salvage, ramBuffers, give, progress);
  }

  private static MemorySegment reserve(long bytes, List<MemorySegment> memory) {
    try {
      MemorySegment reserved = AnonymousMemory.reserve(bytes);
      AnonymousMemory.preferHugePages(reserved);
      memory.add(reserved);
      return reserved;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  // as a device

  @Override
  public long size() {
    return started.size();
  }

  @Override
  public Limits limits() {
    return limits;
  }

  @Override
  public void submit(Request[] batch, int count) {
    driver.submit(batch, count);
  }

  @Override
  public void cancel(Request request) {
    driver.cancel(request);
  }

  /**
   * True: zeroes of any length are a few lines of the log, unless that is written in the layout of
   * 2013. There they are lines of zeroes, and FAST_ZERO is answered {@link Errno#ENOTSUP} where
   * that would be more than 64 KiB. A log that is full lets it wait, as it does any write.
   */
  @Override
  public boolean canZeroFast() {
    return !limits.readOnly();
  }

  /**
   * As the backing device, from which misses are read; writes go to the log one after the other.
   */
  @Override
  public boolean rotational() {
    return backing.rotational();
  }

  /** Told to the backing device, of what the log does not have. Not while it is suspended. */
  @Override
  public void prefetch(long offset, long length) {
    driver.prefetch(offset, length);
  }

  /**
   * What is known of the space in a range: of blocks that the log has nothing of, what the backing
   * device says; zero runs of the log are holes; lines are data, whatever is in them. Of each block
   * it was true at a moment between the question and the answer. A volume that is suspended leaves
   * its backing device alone, and says "data".
   */
  @Override
  public void describe(Extents extents) {
    driver.describe(extents);
  }

  /**
   * Says where the content of a range is: the states are those of {@link BlockState}. Answers
   * before it returns, and asks no device; also of a volume that is suspended or whose devices
   * hang. Of each block it was true at a moment during the call. The answer may end early: one call
   * goes through 128 MiB at the most.
   */
  public void states(Extents extents) {
    driver.states(extents);
  }

  // the life of it

  /**
   * Takes no more requests, makes everything accepted durable on the cache device, and notes there
   * that the stop was clean. Does not wait for the backing device. Once only; waits as long as the
   * cache device takes.
   *
   * @throws IOException if not all of it could be made durable, or the cache device is not whole
   */
  public void stop() throws IOException {
    CountDownLatch done = new CountDownLatch(1);
    Request request = new Request(answered -> done.countDown());
    request.set(Operation.FLUSH, 0, 0, 0);
    driver.stop(request);
    awaitUninterruptibly(done);
    if (request.error != Errno.OK) {
      throw new IOException(
          cache.name()
              + ": not everything that was written could be saved: "
              + started.core().snapshot().failure());
    }
    if (!cache.device().isWhole()) {
      throw new IOException(
          cache.name() + ": has been cut off while it was in use: what lay behind its end is lost");
    }
    if (found == Found.BORROWED) {
      if (snapshot().isDrained()) {
        Start.recordForKernel(cache, started.recovery().last(), memory.getFirst());
      }
    } else if (!limits.readOnly()) {
      Start.recordCleanStop(
          cache, started.recovery().superblock(), started.core(), memory.getFirst());
    }
  }

  private static void awaitUninterruptibly(CountDownLatch done) {
    boolean interrupted = false;
    while (true) {
      try {
        done.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** True where the cache device was empty and has been formatted. */
  public boolean formatted() {
    return found == Found.FORMATTED;
  }

  /** True where the cache was the kernel module's and is ours from now on. */
  public boolean adopted() {
    return found == Found.ADOPTED;
  }

  /**
   * From now on everything is written back, as fast as the devices allow; {@link #snapshot} says
   * how far that is.
   *
   * @throws IllegalStateException if it was opened read-only: then neither device is written to
   */
  public void drain() {
    if (changesNothing) {
      throw new IllegalStateException("opened read-only: nothing is written back");
    }
    driver.drain();
  }

  /** Ends a {@link #drain} that has not come to its end. */
  public void cancelDrain() {
    driver.cancelDrain();
  }

  /**
   * From now on requests wait, in their order, and write-back pauses; returns once everything that
   * was acknowledged is durable on the cache device and neither device has anything to do. A volume
   * that is suspended already stays so. Waits as long as the devices take; a {@link #resume} or a
   * {@link #stop} ends that.
   *
   * @throws IOException if not everything is durable, or the suspension is over; where only the
   *     cache device has failed, the volume is suspended nevertheless
   */
  public void suspend() throws IOException {
    CountDownLatch done = new CountDownLatch(1);
    Request quiesced = new Request(answered -> done.countDown());
    quiesced.set(Operation.FLUSH, 0, 0, 0);
    driver.suspend(quiesced);
    awaitUninterruptibly(done);
    switch (quiesced.error) {
      case Errno.OK -> {}
      case Errno.ECANCELED -> throw new IOException("the volume was resumed before it was quiet");
      case Errno.ESHUTDOWN -> throw new IOException("the volume has been stopped");
      default ->
          throw new IOException(
              cache.name()
                  + ": not everything that was written could be saved: "
                  + started.core().snapshot().failure());
    }
  }

  /** Goes on after {@link #suspend}; the requests that have waited come first. */
  public void resume() {
    driver.resume();
  }

  /**
   * Sets {@code tunable} from now on.
   *
   * @throws IllegalArgumentException if {@code value} is out of range; then nothing has changed
   */
  public void tune(Tunable tunable, int value) {
    driver.tune(tunable, value);
  }

  /** Sets the counters of pieces to zero (the message {@code clear_stat}). */
  public void clearStatistics() {
    started.core().clearStatistics();
  }

  /** What resume has found. */
  public Recovery.Result recovery() {
    return started.recovery();
  }

  /** Bytes of memory set aside, touched or not. */
  public long memoryBytes() {
    return started.memoryBytes();
  }

  /** The numbers of this moment. */
  public Snapshot snapshot() {
    return started.core().snapshot();
  }

  /**
   * Lets go of everything but the two devices; after {@link #stop}, or what was in RAM is lost as
   * in a crash. No request may be in flight. Where a device still owes an answer (a backing device
   * that hangs), the memory lent to it is never given back.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    timekeeper.close();
    if (prefault != null) {
      prefault.close();
    }
    long deadline = System.nanoTime() + IDLE_NS;
    while (!driver.isIdle() && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(IDLE_PAUSE_NS);
    }
    if (driver.isIdle()) {
      memory.forEach(AnonymousMemory::release);
    }
  }
}
