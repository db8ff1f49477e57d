package writeboost.simulate;

import static writeboost.layout.Geometry.SECTOR;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Geometry;
import writeboost.layout.LapLayout;
import writeboost.layout.Layout;
import writeboost.layout.Superblock;
import writeboost.layout.UnusableCacheException;
import writeboost.log.Rules;
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

  private final Chance chance;
  private final EventQueue queue;
  private final Plan plan;
  private final Memory memory;
  private final Rules rules;
  private final Moments moments;
  private final Happenings happenings = new Happenings();
  private final SimulatedDisk cacheDisk;
  private final SimulatedDisk backingDisk;
  private final BlockDevice cache;
  private final Blocking blockingCache;
  private final Formatting formatting;
  private final PrefixChecker checker;
  private final Clients clients;
  private final Operator operator;
  private final int sectors;
  private final MemorySegment stopBlock;
  private final ReadBack readBack;

  private int life;
  private double crashOdds;

  /** That the cache disk loses power in a crash. */
  private final double powerOdds;

  /** Where it begins with a cache of the kernel module. */
  private final @Nullable Adopting adopting;

  private int crashesInARow;

  /** Blocks of the volume that a flipped bit may have cost. */
  private final Set<Long> damagedBlocks = new TreeSet<>();

  /** Failures of the cache device up to this life. */
  private long cacheFailures;

  SimulatedWorld(
      long seed,
      Memory memory,
      Layout layout,
      boolean adopted,
      Simulation.Decoration decoration,
      Rules rules,
      Moments moments) {
    this.memory = memory;
    this.moments = moments;
    this.rules = rules;
    chance = new Chance(seed);
    queue = new EventQueue(chance);
    plan = moments.isChosen() ? Plan.small(chance, layout) : Plan.draw(chance, layout);
    sectors = (int) (plan.volumeBytes() / SECTOR);
    powerOdds = plan.deep() ? chance.oneOf(0.4, 0.9) : 0.5;
    cacheDisk =
        new SimulatedDisk("cache", plan.geometry().cacheSizeBytes(), chance, queue, moments);
    backingDisk = new SimulatedDisk("backing", plan.volumeBytes(), chance, queue, moments);
    cache = decoration.decorate(cacheDisk);
    blockingCache = new Blocking(cache, "cache");
    checker = new PrefixChecker(sectors);
    memory.clear();
    clients =
        new Clients(
            chance,
            queue,
            checker,
            layout,
            sectors,
            memory.zeroed(Clients.memoryBytes()),
            this::mayFail);
    Surveyor surveyor =
        new Surveyor(chance, queue, checker, happenings, backingDisk, damagedBlocks, decoration);
    operator = new Operator(chance, queue, checker, happenings, surveyor);
    stopBlock = memory.unzeroed(Geometry.BLOCK);
    readBack = new ReadBack(chance, memory.unzeroed(plan.volumeBytes()));
    formatting = new Formatting(chance, plan, blockingCache, memory);
    Blocking backing = new Blocking(backingDisk, "backing");
    adopting =
        adopted ? new Adopting(plan, blockingCache, backing, memory, formatting.adopting()) : null;
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
    if (adopting != null) {
      adopting.begin(chance, checker, sectors);
    }
    moments.begin();
    for (life = 1; life <= plan.lives(); life++) {
      crashOdds = plan.crashOdds();
      live(plan.requestsPerLife() / 2 + chance.below(plan.requestsPerLife()));
    }
    crashOdds = 0;
    crashesInARow = CRASHES_IN_A_ROW_MAX;
    cacheFailures = cacheDisk.failures();
    lastLook();
  }

  private void lastLook() throws IOException {
    try {
      comeRound(start());
    } catch (SimulatedCrash chosen) {
      crash();
      comeRound(start());
    }
  }

  private void comeRound(Start.Started started) {
    CoreDriver driver = lookAtAll(started);
    ComingRound.check(started.core(), driver, queue, !damagedBlocks.isEmpty());
    happenings.happened(Happening.CAME_ROUND);
  }

  /** These odds, or none: the world has to come round at last. */
  private double odds(double wanted) {
    return crashesInARow < CRASHES_IN_A_ROW_MAX ? wanted : 0;
  }

  private boolean mayFail(Request request) {
    boolean damaged =
        request.operation == Operation.READ && ReadBack.touches(damagedBlocks, request);
    return cacheDisk.failures() > cacheFailures || damaged;
  }

  /** A bit of a durable line flips, and stays so. Right after a resume, when all is flushed. */
  private void rot() {
    // The volume fails where lost blocks, copied forward for ever, leave no room in the log.
    long room = plan.geometry().lineCount() - plan.geometry().linesPerSegment();
    if (damagedBlocks.size() + 2 >= room) {
      return;
    }
    Rot rot = new Rot(chance, cacheDisk, plan.geometry(), true);
    if (rot.isOfDurableLine()) {
      damagedBlocks.add(rot.block());
      happenings.happened(Happening.ROT_THAT_STAYS);
    } else {
      rot.undo();
    }
  }

  // a life

  private void live(int requests) throws IOException {
    Start.Started started = start();
    long failuresBefore = backingDisk.failures();
    long failedFlushesBefore = backingDisk.failedFlushes();
    long forgottenBefore = backingDisk.forgotten();
    cacheFailures = cacheDisk.failures();
    try {
      long firstId = started.core().snapshot().newestId();
      if (plan.layout() != LapLayout.INSTANCE && adopting == null && chance.oneIn(12)) {
        rot();
      }
      CoreDriver driver = lookAtAll(started);
      crashesInARow = 0;
      backingDisk.fail(chance.oneOf(0, 0, 1, 8), chance.oneOf(0.02, 0.3));
      cacheDisk.fail(chance.oneIn(10) ? 1 : 0, 0.02);
      (chance.oneIn(2) ? cacheDisk : backingDisk).hang(chance.oneIn(20) ? 0.01 : 0);
      clients.begin(driver, requests, !plan.deep());
      operator.begin(driver);
      boolean inTheMiddle = plan.deep() || chance.oneIn(2);
      runUntil(driver, inTheMiddle ? clients::haveSentAll : clients::areDone);
      countLaps(started.core(), firstId);
      if (chance.oneIn(plan.deep() ? 8 : 3)) {
        stopCleanly(started, driver);
      }
    } catch (SimulatedCrash crash) {
      happenings.happened(Happening.CRASH_WHILE_RUNNING);
    }
    happenings.happened(Happening.BACKING_FAILED, backingDisk.failures() - failuresBefore);
    happenings.happened(
        Happening.BACKING_FLUSH_FAILED, backingDisk.failedFlushes() - failedFlushesBefore);
    happenings.happened(Happening.BACKING_FORGOT, backingDisk.forgotten() - forgottenBefore);
    happenings.happened(Happening.CACHE_FAILED, cacheDisk.failures() - cacheFailures);
    cacheDisk.fail(0, 0);
    crash();
    if (plan.layout() != LapLayout.INSTANCE && chance.happens(plan.reformatOdds())) {
      // The new cache begins with what the backing device holds; that has to stay.
      backingDisk.answerAtOnce(0);
      new Blocking(backingDisk, "backing").flush();
      formatting.again();
    }
  }

  private void countLaps(Core core, long firstId) {
    long newest = core.snapshot().newestId();
    int slots = plan.geometry().segmentCount();
    happenings.happened(Happening.LAP, newest / slots - firstId / slots);
    happenings.happened(
        Happening.SLOT_REUSED, Math.max(0, newest - slots) - Math.max(0, firstId - slots));
    happenings.happened(Happening.LINE_WRITTEN_BACK, core.snapshot().linesWrittenBack());
    happenings.happened(Happening.LINE_COPIED_FORWARD, core.snapshot().copiedForwardLines());
  }

  /** Formats where that has to be, and resumes, until both have come to their end. */
  private Start.Started start() throws IOException {
    while (true) {
      try {
        cacheDisk.answerAtOnce(0);
        if (formatting.isNeeded()) {
          cacheDisk.answerAtOnce(odds(plan.formatCrashOdds()));
          during(Happening.CRASH_IN_FORMAT, formatting::format);
        }
        boolean kernels = adopting != null && adopting.isDue();
        if (!kernels && !formatting.isUncertain() && chance.oneIn(10)) {
          lookReadOnly();
        }
        boolean rots = adopting == null && damagedBlocks.isEmpty() && !formatting.isUncertain();
        if (rots && chance.oneIn(10)) {
          lookAtRot();
        }
        memory.reset();
        cacheDisk.answerAtOnce(odds(plan.resumeCrashOdds()));
        backingDisk.answerAtOnce(odds(plan.resumeCrashOdds()));
        return adopting != null && kernels
            ? during(Happening.CRASH_IN_ADOPTION, () -> adopted(adopting))
            : during(Happening.CRASH_IN_RESUME, this::resume);
      } catch (SimulatedCrash crash) {
        crash();
      }
    }
  }

  private Start.Started adopted(Adopting kernels) throws IOException {
    Start.Started started = kernels.adopt();
    happenings.happened(Happening.ADOPTED);
    return started;
  }

  private Start.Started resume() throws IOException {
    long flushes = cacheDisk.flushes();
    Start.Started started = resumeOn(blockingCache, false);
    noteResume(started, cacheDisk.flushes() - flushes);
    if (formatting.resumed(started.recovery().superblock().uuid())) {
      happenings.happened(Happening.FORMATTED);
      damagedBlocks.clear();
      checker.beginAnew(ReadBack.contents(backingDisk.image()));
    }
    return started;
  }

  private Start.Started resumeOn(Blocking disk, boolean readOnly) throws IOException {
    int buffers = plan.ramBuffers();
    return plan.layout() == LapLayout.INSTANCE
        ? Start.resumeLaps(
            disk,
            plan.geometry(),
            plan.volumeBytes(),
            readOnly,
            buffers,
            memory::forCore,
            false,
            rules)
        : Start.resume(disk, readOnly, buffers, memory::forCore, rules);
  }

  private void noteResume(Start.Started started, long flushes) {
    happenings.happened(Happening.LIFE);
    if (started.recovery().superblock().adoptedUpTo() > started.recovery().record()) {
      happenings.happened(Happening.LIFE_WITH_ADOPTED_SEGMENTS);
    }
    if (plan.layout() == LapLayout.INSTANCE) {
      happenings.happened(Happening.LAP_LAYOUT_LIFE);
    }
    if (started.recovery().dropped() > 0) {
      happenings.happened(Happening.STALE_SUFFIX);
    }
    if (flushes > 2) {
      happenings.happened(Happening.SEGMENT_SHORTENED);
    }
  }

  /** Reads the volume through the new core and judges what is there. */
  private CoreDriver lookAtAll(Start.Started started) {
    CoreDriver driver = drive(started.core(), cache, backingDisk);
    backingDisk.fail(0, 0);
    readBack.begin(driver, damagedBlocks);
    runUntil(driver, readBack::isDone);
    long[] found = readBack.found();
    for (long content : found) {
      queue.trace(content);
    }
    happenings.happened(Happening.UNFLUSHED_LOST, checker.resumed(found));
    return driver;
  }

  /** A read-only start shows a state as good as any, and touches nothing. */
  private void lookReadOnly() throws IOException {
    memory.reset();
    cacheDisk.answerAtOnce(0);
    BlockDevice readable = new Untouchable(cache);
    Start.Started started = resumeOn(new Blocking(readable, "cache"), true);
    CoreDriver driver = drive(started.core(), readable, new Untouchable(backingDisk));
    readBack.begin(driver, damagedBlocks);
    runUntil(driver, readBack::isDone);
    checker.prefix(readBack.found());
    happenings.happened(Happening.READ_ONLY_LIFE);
  }

  /**
   * A bit of the cache disk flips, and a read-only start shows what comes of it: all is there but
   * one block, or a refusal. Then it flips back. Not beside rot that stays: two faults at once may
   * cost more.
   */
  private void lookAtRot() throws IOException {
    memory.reset();
    cacheDisk.answerAtOnce(0);
    Rot rot = new Rot(chance, cacheDisk, plan.geometry());
    BlockDevice readable = new Untouchable(cache);
    try {
      Start.Started started =
          Start.resume(
              new Blocking(readable, "cache"), true, plan.ramBuffers(), memory::forCore, rules);
      CoreDriver driver = drive(started.core(), readable, new Untouchable(backingDisk));
      Set<Long> damaged = new TreeSet<>(damagedBlocks);
      damaged.add(rot.block());
      readBack.begin(driver, damaged);
      runUntil(driver, readBack::isDone);
      if (rot.mayPassForATear()) {
        happenings.happened(Happening.ROT_BEHIND_MARK);
        checker.possible(readBack.found());
      } else {
        happenings.happened(Happening.ROT_BEFORE_MARK);
        checker.prefix(readBack.found());
      }
      if (readBack.hasUnreadable()) {
        happenings.happened(Happening.BLOCK_UNREADABLE);
      }
    } catch (UnusableCacheException refusal) {
      if (!rot.mayBeRefused()) {
        throw new Violation("refused for a line: " + refusal.getMessage());
      }
      happenings.happened(Happening.ROT_REFUSED);
    } finally {
      rot.undo();
    }
  }

  private CoreDriver drive(Core core, BlockDevice cacheNow, BlockDevice backingNow) {
    if (plan.deep()) {
      cacheDisk.takeTime(chance.oneOf(1, 50), chance.oneOf(5000, 50_000));
    } else {
      cacheDisk.takeTime(chance.oneOf(1, 50, 1000), chance.oneOf(1, 1000, 20_000));
    }
    backingDisk.takeTime(chance.oneOf(1, 1000, 20_000), chance.oneOf(1, 1000, 20_000));
    long copyNs = chance.oneOf(1, 20, 2000);
    long answerNs = chance.oneOf(1, 100);
    return new CoreDriver(
        core, plan.geometry(), cacheNow, backingNow, queue, happenings, copyNs, answerNs);
  }

  private void stopCleanly(Start.Started started, CoreDriver driver) throws IOException {
    clients.end();
    boolean[] answered = new boolean[1];
    Request stop = new Request(request -> answered[0] = true).set(Operation.FLUSH, 0, 0, 0);
    driver.stop(stop);
    boolean patient = chance.oneIn(2);
    runUntil(driver, () -> answered[0] && (!patient || clients.areDone()));
    if (stop.error != Errno.OK) {
      return; // the cache device has failed
    }
    checker.allDurable();
    cacheDisk.answerAtOnce(plan.resumeCrashOdds());
    Superblock superblock = started.recovery().superblock();
    during(
        Happening.CRASH_IN_CLEAN_STOP,
        () -> Start.recordCleanStop(blockingCache, superblock, started.core(), stopBlock));
    happenings.happened(Happening.CLEAN_STOP);
  }

  @FunctionalInterface
  private interface PlainPart {
    void run() throws IOException;
  }

  private void during(Happening crashHere, PlainPart part) throws IOException {
    during(
        crashHere,
        () -> {
          part.run();
          return part;
        });
  }

  private <T> T during(Happening crashHere, Part<T> part) throws IOException {
    try {
      return part.run();
    } catch (SimulatedCrash crash) {
      happenings.happened(crashHere);
      throw crash;
    }
  }

  /** Lets things happen until {@code done}, or until the world ends. */
  private void runUntil(CoreDriver driver, BooleanSupplier done) {
    for (int events = 0; !done.getAsBoolean(); events++) {
      if (events == EVENTS_MAX) {
        throw new Violation("something goes on for ever, and requests have no answer");
      }
      if (moments.isEnd() || chance.happens(crashOdds)) {
        throw new SimulatedCrash("between two events");
      }
      if (queue.isEmpty() && cacheDisk.stuck() + backingDisk.stuck() > 0) {
        happenings.happened(Happening.STUCK);
        throw new SimulatedCrash("a device does not answer");
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
    if (backingDisk.isChanging()) {
      happenings.happened(Happening.WRITE_BACK_IN_FLIGHT);
    }
    queue.clear();
    clients.drop();
    boolean cacheLosesPower = chance.happens(powerOdds);
    boolean backingLosesPower = chance.oneIn(5) != cacheLosesPower;
    end(cacheDisk, cacheLosesPower);
    end(backingDisk, backingLosesPower);
    happenings.happened(cacheLosesPower ? Happening.POWER_LOSS : Happening.KILL);
  }

  private void end(SimulatedDisk disk, boolean losesPower) {
    if (losesPower) {
      Torn torn = new Torn(plan.geometry());
      disk.losePower(chance.oneOf(0.1, 0.5, 0.9), chance.oneIn(2), torn);
      if (disk == cacheDisk) {
        torn.note(happenings);
      }
    } else {
      disk.kill();
    }
  }
}
