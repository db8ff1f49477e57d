package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.effect.DeviceOperation;
import writeboost.effect.DeviceOperation.Target;
import writeboost.effect.Effects;
import writeboost.effect.Work;
import writeboost.layout.Geometry;
import writeboost.log.Barriers;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.SegmentWriter;

/**
 * Writes back closed, durable segments, oldest first, one batch at a time (DESIGN section 6): some
 * segments in the background, the whole durable log in one sweep where the room is needed or a
 * drain is wanted. Under the core's lock.
 *
 * <pre>
 *   IDLE -> COLLECTING (what is dirty) -> SORTING -> WRITING (see {@link Writing}) -> CLEANING -> IDLE
 *                any error: what is in flight comes to its end, then WAITING, then again what is still dirty
 * </pre>
 *
 * <p>Nothing is marked clean before a flush of the backing device that succeeded after its write;
 * after a failed flush everything since the last good one is written again.
 *
 * <p>A line that cannot be written back is left dirty, and the batch goes on without it: one that
 * is damaged, or that either device still refuses after some tries. {@link CopyForward} takes it
 * out of the log's way when the room is needed.
 *
 * <p>A batch begins where time passes or a device answers, not on the way of a client's request:
 * looking through a large log and sorting it takes a while.
 */
public final class Writeback implements DeviceOperation.Owner {

  /** So often a device may refuse something before that counts. */
  static final int TRIES = 5;

  private enum Phase {
    IDLE,
    COLLECTING,
    SORTING,
    WRITING,
    CLEANING,
    WAITING
  }

  private final Log log;
  private final WritebackPlan plan = new WritebackPlan();
  private final Batch batch;
  private final Writing writing;
  private final CopyForward copyForward;
  private final BackOff backOff = new BackOff();
  private final Work collecting = new Step(this::collect);
  private final Work sorting = new Sorting();
  private final Work cleaning = new Step(this::clean);

  private Phase phase = Phase.IDLE;

  /** Segments that are being gathered. */
  private int gathering;

  /** Of the gathering; {@link Writing} knows its own. */
  private int readError;

  private String failure = "";
  private @Nullable Target failedOn;
  private long nowNs;
  private int batchSegments = 1;
  private boolean allowed = true;
  private boolean draining;
  private boolean held;
  private boolean stopped;

  /** Batches in a row that could not be read, and that had writes refused. */
  private int unreadable;

  private int refused;

  private long allDamaged;
  private long allRefused;

  /**
   * @param memory {@link #bytes} long, aligned to 4096
   */
  public Writeback(
      Log log,
      LineCheck check,
      Barriers barriers,
      MemorySegment memory,
      SegmentWriter.Failure failure) {
    this.log = log;
    batch = new Batch(log, check, plan, memory, this);
    long at = Batch.bytes(log.geometry);
    writing = new Writing(this, log, check, plan, batch, memory, at);
    copyForward = new CopyForward(log, check, barriers, failure, memory, at + Writing.BYTES);
  }

  /** Memory that write-back needs for a log of this geometry. */
  public static long bytes(Geometry geometry) {
    return Batch.bytes(geometry) + Writing.BYTES + Geometry.BLOCK;
  }

  // what others want of it

  /** Whether background write-back may run; a batch that has begun goes on to its end. */
  public void setAllowed(boolean newAllowed) {
    allowed = newAllowed;
  }

  /** Segments that a background batch takes at the most; of the next batch. */
  public void setBatchSegments(int segments) {
    batchSegments = segments;
  }

  /** From now on it runs, whether it is allowed to or not. */
  public void drain() {
    draining = true;
  }

  /** It runs again when it is allowed to. */
  public void cancelDrain() {
    draining = false;
  }

  /** Begins nothing as long as it is held; what is in flight comes to its end. */
  public void setHeld(boolean newHeld) {
    held = newHeld;
    writing.setHeld(newHeld);
  }

  /** Whether no device has anything to do for it; while it is held, that stays so. */
  public boolean isQuiet() {
    boolean pausing = phase == Phase.IDLE || phase == Phase.WAITING;
    return (pausing || phase == Phase.WRITING && writing.isQuiet()) && copyForward.isQuiet();
  }

  /**
   * Begins nothing more; what is in flight comes to its end, and is done again in the next life.
   */
  public void stop() {
    stopped = true;
  }

  boolean isStopped() {
    return stopped;
  }

  // going on

  /** The time goes on; {@code now} is monotonic, nanoseconds. */
  public void tick(long now) {
    nowNs = now;
  }

  /**
   * Moves on as far as possible without waiting.
   *
   * @param urged somebody waits for room in the log
   * @param mayBegin no client waits for the calling thread
   */
  public void advance(boolean urged, boolean mayBegin, Effects effects) {
    if (stopped || held) {
      return;
    }
    copyForward.advance(urged, nowNs, effects);
    if (phase == Phase.WAITING && backOff.isOver(nowNs)) {
      phase = Phase.IDLE;
    }
    if (phase == Phase.IDLE && mayBegin) {
      begin(urged, effects);
    }
    if (phase == Phase.WRITING) {
      writing.setInFlightMax(inFlightMax(urged));
      writing.advance(effects);
    }
  }

  private void begin(boolean urged, Effects effects) {
    int slots = log.geometry.segmentCount();
    int segments = Pressure.segments(used(), slots, allowed, urged || draining, batchSegments);
    long swept = copyForward.sweptId();
    if (segments > 0 && batch.newestAllowed() > swept) {
      readError = Errno.OK;
      writing.setInFlightMax(inFlightMax(urged));
      batch.begin(swept, segments, !mayLeave(unreadable));
      phase = Phase.COLLECTING;
      collect(effects);
    } else if (draining && swept == log.ring.newestId() - 1) {
      log.seal(); // nothing else is left
    }
  }

  /** Slots that are not free, nor will be once the record says so. */
  private long used() {
    return log.ring.newestId() - log.ring.writtenBackId();
  }

  private int inFlightMax(boolean urged) {
    int slots = log.geometry.segmentCount();
    return Pressure.inFlight(used(), slots, allowed, urged || draining, Writing.IN_FLIGHT_MAX);
  }

  /** A step of long work under the lock, which others get between the steps. */
  private final class Step extends Work {
    private final Consumer<Effects> step;

    Step(Consumer<Effects> step) {
      this.step = step;
    }

    @Override
    public void run() {}

    @Override
    public void finished(Effects effects) {
      step.accept(effects);
    }
  }

  private void collect(Effects effects) {
    if (batch.collect()) {
      effects.run(collecting);
      return;
    }
    gathering = batch.gather(effects);
    if (gathering == 0) {
      sort(effects);
    }
  }

  /** A segment of the batch is in memory, and checked. */
  void gathered(Effects effects) {
    gathering--;
    sortWhenGathered(effects);
  }

  /** A segment of the batch has been read. */
  @Override
  public void ioDone(DeviceOperation read, int ioError, Effects effects) {
    if (batch.readDone(read.purpose, ioError, effects)) {
      gathering--;
      readError = ioError;
      describe(read, ioError);
      sortWhenGathered(effects);
    }
  }

  private void sortWhenGathered(Effects effects) {
    if (gathering > 0) {
      return;
    }
    if (readError != Errno.OK) {
      unreadable();
    } else {
      sort(effects);
    }
  }

  private void sort(Effects effects) {
    phase = Phase.SORTING;
    batch.planGathered();
    effects.run(sorting);
  }

  private final class Sorting extends Work {
    @Override
    public void run() {
      plan.sort(isSingly() ? 1 : Extent.BLOCKS_MAX);
    }

    @Override
    public void finished(Effects effects) {
      phase = Phase.WRITING;
      writing.begin(isSingly(), effects);
    }
  }

  /** Line by line, after some tries, to find out which ones the backing device does not take. */
  private boolean isSingly() {
    return mayLeave(refused);
  }

  /**
   * Whether lines may be left out after so many tries, for a copy to take their place. Where a copy
   * could not say what is lost, the batch is tried for ever.
   */
  private boolean mayLeave(int tries) {
    return tries >= TRIES - 1 && log.layout.hasLostSectors();
  }

  /** The backing device has all of the plan for good. */
  void allWritten(Effects effects) {
    phase = Phase.CLEANING;
    batch.beginCleaning();
    clean(effects);
  }

  private void clean(Effects effects) {
    long last = batch.cleanSome();
    copyForward.swept(last);
    if (last < batch.lastId()) {
      effects.run(cleaning);
    } else {
      end();
    }
  }

  private void end() {
    allDamaged += batch.damaged();
    allRefused += writing.linesRefused();
    backOff.succeeded();
    unreadable = 0;
    refused = 0;
    failure = "";
    failedOn = null;
    phase = Phase.IDLE;
  }

  /** The backing device did not take the batch; what is dirty still is written again. */
  void refused(int error) {
    refused += Errno.isBadPlace(error) ? 1 : 0;
    giveUp();
  }

  /** The cache device did not give the batch what is to be written; as {@link #refused}. */
  void unreadable() {
    unreadable++;
    giveUp();
  }

  private void giveUp() {
    phase = Phase.WAITING;
    backOff.failed(nowNs);
  }

  /** Why the batch does not get on. */
  void describe(DeviceOperation operation, int error) {
    failure = operation + ": " + Errno.name(error);
    failedOn = operation.target;
  }

  // looking in

  /** Whether every segment has had its turn; what is dirty then cannot be written back. */
  public boolean hasSweptAll() {
    return log.current() == null && copyForward.sweptId() >= log.ring.newestId();
  }

  /** Segments of the batch of now, or of the last one. */
  public int batchSegments() {
    return batch.segments();
  }

  /** Why the last batch did not come to its end; empty if it did. */
  public String failure() {
    return failure;
  }

  /** Which device that was; null if none. */
  public @Nullable Target failedOn() {
    return failedOn;
  }

  /** Whether it has failed and waits before it tries again. */
  public boolean isBackingOff() {
    return phase == Phase.WAITING;
  }

  /** Whether lines are left behind that cannot be written back. */
  public boolean leavesLines() {
    return copyForward.sweptId() > log.ring.writtenBackId();
  }

  public long linesWritten() {
    return writing.linesWritten();
  }

  /** Dirty lines found damaged, or not to be read. */
  public long linesDamaged() {
    return allDamaged;
  }

  /** Lines that the backing device did not take, time after time, while it took others. */
  public long linesRefused() {
    return allRefused;
  }

  public long linesCopiedForward() {
    return copyForward.copied();
  }

  /** Sectors that were given up because their line was damaged. */
  public long sectorsLost() {
    return copyForward.lostSectors();
  }
}
