package writeboost.simulate;

import static writeboost.layout.Geometry.SECTOR;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.FormatDecision;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.Superblock;
import writeboost.volume.Core;
import writeboost.volume.Start;

/**
 * One run: a cache is formatted, and a volume lives several lives over it, each begun by a resume
 * and ended by a crash or a clean stop, wherever they come. After each resume all of the volume is
 * read and judged. One thread.
 */
final class SimulatedWorld {

  /** Longer than any back-off. */
  private static final long LONG_TIME_NS = 60_000_000_000L;

  /** No life needs so many by far. */
  private static final int EVENTS_MAX = 1_000_000;

  private static final int CRASHES_IN_A_ROW_MAX = 6;
  private static final int READ_BACK_SECTORS = 24;

  private final Chance chance;
  private final EventQueue queue;
  private final Plan plan;
  private final Memory memory;
  private final Happenings happenings = new Happenings();
  private final SimulatedDisk cacheDisk;
  private final SimulatedDisk backingDisk;
  private final BlockDevice cache;
  private final Blocking blockingCache;
  private final PrefixChecker checker;
  private final Clients clients;
  private final int sectors;
  private final MemorySegment stopBlock;
  private final MemorySegment readBack;

  private int life;
  private boolean hasStarted;
  private double crashOdds;
  private int crashesInARow;
  private int toRead;

  SimulatedWorld(long seed, Memory memory, Simulation.Decoration decoration) {
    this.memory = memory;
    chance = new Chance(seed);
    queue = new EventQueue(chance);
    plan = Plan.draw(chance);
    sectors = (int) (plan.volumeBytes() / SECTOR);
    cacheDisk = new SimulatedDisk("cache", plan.geometry().cacheSizeBytes(), chance, queue);
    backingDisk = new SimulatedDisk("backing", plan.volumeBytes(), chance, queue);
    cache = decoration.decorate(cacheDisk);
    blockingCache = new Blocking(cache, "cache");
    checker = new PrefixChecker(sectors);
    memory.clear();
    clients = new Clients(chance, queue, checker, sectors, memory.zeroed(Clients.memoryBytes()));
    stopBlock = memory.unzeroed(Geometry.BLOCK);
    readBack = memory.unzeroed(plan.volumeBytes());
    memory.keep();
  }

  Happenings happenings() {
    return happenings;
  }

  int life() {
    return life;
  }

  Plan plan() {
    return plan;
  }

  long trace() {
    return queue.trace();
  }

  void run() throws IOException {
    for (life = 1; life <= plan.lives(); life++) {
      crashOdds = plan.crashOdds();
      live(plan.requestsPerLife() / 2 + chance.below(plan.requestsPerLife()));
    }
    crashOdds = 0;
    crashesInARow = CRASHES_IN_A_ROW_MAX;
    lookAtAll(start());
  }

  // format

  private void format() throws IOException {
    UUID uuid = new UUID(chance.below(1 << 30), chance.below(1 << 30));
    Superblock superblock = Superblock.create(plan.geometry(), uuid, plan.volumeBytes(), 0, 0);
    Formatter.Clearing[] ways = Formatter.Clearing.values();
    try {
      cacheDisk.answerAtOnce(odds(plan.formatCrashOdds()));
      Formatter.format(
          blockingCache, superblock, ways[chance.below(ways.length)], (done, total) -> {});
    } catch (SimulatedCrash crash) {
      happenings.happened(Happening.CRASH_IN_FORMAT);
      throw crash;
    }
  }

  /** Asks what serving the device would ask; after a crash in a format either is right. */
  private boolean isToBeFormatted() throws IOException {
    if (crashesInARow == 0) {
      return true;
    }
    memory.reset();
    cacheDisk.answerAtOnce(0);
    long bytes = Geometry.SUPERBLOCK_REGION;
    MemorySegment first = memory.unzeroed(bytes);
    MemorySegment last = memory.unzeroed(bytes);
    blockingCache.read(0, first);
    blockingCache.read(cache.size() - bytes, last);
    return switch (FormatDecision.of(first, last, false)) {
      case FormatDecision.Format _ -> true;
      case FormatDecision.Resume _ -> false;
      case FormatDecision.Refuse refuse ->
          throw new Violation("refused after a crash in a format: " + refuse.reason().getMessage());
    };
  }

  /** These odds, or none: the world has to come round at last. */
  private double odds(double wanted) {
    return crashesInARow < CRASHES_IN_A_ROW_MAX ? wanted : 0;
  }

  // a life

  private void live(int requests) throws IOException {
    Start.Started started = start();
    try {
      long firstId = started.core().snapshot().newestId();
      CoreDriver driver = lookAtAll(started);
      crashesInARow = 0;
      clients.begin(driver::accept, requests);
      boolean inTheMiddle = chance.oneIn(2);
      runUntil(driver, inTheMiddle ? clients::haveSentAll : clients::areDone);
      countLaps(started.core(), firstId);
      if (chance.oneIn(3)) {
        stopCleanly(started, driver);
        happenings.happened(Happening.CLEAN_STOP);
      }
    } catch (SimulatedCrash crash) {
      happenings.happened(Happening.CRASH_WHILE_RUNNING);
    }
    crash();
  }

  private void countLaps(Core core, long firstId) {
    long newest = core.snapshot().newestId();
    int slots = plan.geometry().segmentCount();
    happenings.happened(Happening.LAP, newest / slots - firstId / slots);
    happenings.happened(
        Happening.SLOT_REUSED, Math.max(0, newest - slots) - Math.max(0, firstId - slots));
    happenings.happened(Happening.WRITE_BACK_FROM_RAM, core.snapshot().linesWrittenBack());
  }

  private Start.Started start() throws IOException {
    while (true) {
      try {
        if (!hasStarted && isToBeFormatted()) {
          format();
        }
        memory.reset();
        long flushes = cacheDisk.flushes();
        Start.Started started = resume();
        noteResume(started, cacheDisk.flushes() - flushes);
        hasStarted = true;
        return started;
      } catch (SimulatedCrash crash) {
        crash();
      }
    }
  }

  private Start.Started resume() throws IOException {
    try {
      cacheDisk.answerAtOnce(odds(plan.resumeCrashOdds()));
      return Start.resume(blockingCache, false, plan.ramBuffers(), memory::forCore);
    } catch (SimulatedCrash crash) {
      happenings.happened(Happening.CRASH_IN_RESUME);
      throw crash;
    }
  }

  private void noteResume(Start.Started started, long flushes) {
    happenings.happened(Happening.LIFE);
    if (started.recovery().dropped() > 0) {
      happenings.happened(Happening.SEGMENTS_DROPPED);
    }
    if (flushes > 2) {
      happenings.happened(Happening.SEGMENT_SHORTENED);
    }
  }

  /** Reads the volume through the new core and judges what is there. */
  private CoreDriver lookAtAll(Start.Started started) {
    cacheDisk.takeTime(chance.oneOf(1, 50, 1000), chance.oneOf(1, 1000, 20_000));
    backingDisk.takeTime(chance.oneOf(1, 1000, 20_000), chance.oneOf(1, 1000, 20_000));
    CoreDriver driver =
        new CoreDriver(
            started.core(),
            plan.geometry(),
            cache,
            backingDisk,
            queue,
            happenings,
            chance.oneOf(1, 20, 2000),
            chance.oneOf(1, 100));
    Payload.poison(readBack, 0, readBack.byteSize());
    int stride = chance.between(1, READ_BACK_SECTORS);
    toRead = sectors;
    for (int sector = 0; sector < sectors; sector += stride) {
      int count = Math.min(stride, sectors - sector);
      Request request = new Request(this::partRead);
      request.set(
          Operation.READ,
          0,
          (long) sector * SECTOR,
          (long) count * SECTOR,
          readBack,
          (long) sector * SECTOR);
      driver.accept(new Request[] {request}, 1);
    }
    runUntil(driver, () -> toRead == 0);
    judge();
    return driver;
  }

  private void partRead(Request request) {
    if (request.error != Errno.OK) {
      throw new Violation(
          "after a resume: %s was answered %s".formatted(request, Errno.name(request.error)));
    }
    toRead -= (int) (request.length / SECTOR);
  }

  private void judge() {
    long[] found = new long[sectors];
    for (int sector = 0; sector < sectors; sector++) {
      found[sector] = Payload.read(readBack, (long) sector * SECTOR, sector);
      queue.trace(found[sector]);
    }
    happenings.happened(Happening.ACKNOWLEDGED_LOST, checker.resumed(found));
  }

  private void stopCleanly(Start.Started started, CoreDriver driver) throws IOException {
    clients.end();
    boolean[] answered = new boolean[1];
    Request stop = new Request(request -> answered[0] = true).set(Operation.FLUSH, 0, 0, 0);
    driver.stop(stop);
    boolean patient = chance.oneIn(2);
    runUntil(driver, () -> answered[0] && (!patient || clients.areDone()));
    checker.allDurable();
    try {
      cacheDisk.answerAtOnce(plan.resumeCrashOdds());
      Start.recordCleanStop(
          blockingCache, started.recovery().superblock(), started.core(), stopBlock);
    } catch (SimulatedCrash crash) {
      happenings.happened(Happening.CRASH_IN_CLEAN_STOP);
      throw crash;
    }
  }

  /** Lets things happen until {@code done}, or until the world ends. */
  private void runUntil(CoreDriver driver, BooleanSupplier done) {
    for (int events = 0; !done.getAsBoolean(); events++) {
      if (events == EVENTS_MAX) {
        throw new Violation("something goes on for ever, and requests have no answer");
      }
      if (chance.happens(crashOdds)) {
        throw new SimulatedCrash("between two events");
      }
      if (queue.isEmpty()) {
        queue.pass(LONG_TIME_NS);
        driver.tick();
        if (queue.isEmpty()) {
          throw new Violation("stuck: nothing is going on, and requests have no answer");
        }
      } else if (chance.oneIn(100)) {
        driver.tick();
      }
      queue.next();
    }
  }

  // the end of a life

  private void crash() {
    crashesInARow++;
    queue.clear();
    clients.drop();
    boolean cacheLosesPower = chance.oneIn(2);
    boolean backingLosesPower = chance.oneIn(5) != cacheLosesPower;
    end(cacheDisk, cacheLosesPower);
    end(backingDisk, backingLosesPower);
    happenings.happened(cacheLosesPower ? Happening.POWER_LOSS : Happening.KILL);
  }

  private void end(SimulatedDisk disk, boolean losesPower) {
    if (losesPower) {
      disk.losePower(chance.oneOf(0.1, 0.5, 0.9));
    } else {
      disk.kill();
    }
  }
}
