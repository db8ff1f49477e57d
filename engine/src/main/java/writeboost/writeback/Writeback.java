package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Work;
import writeboost.layout.Geometry;
import writeboost.log.Barriers;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.Rule;
import writeboost.log.SegmentWriter;

/**
 * Writes back closed, durable segments, oldest first, one batch at a time (DESIGN section 6). Under
 * the core's lock.
 *
 * <pre>
 *   IDLE -> GATHERING (from RAM or the cache device) -> SORTING -> ZEROING -> WRITING (several in flight) -> FLUSHING -> lines clean, IDLE
 *                any error: what is in flight comes to its end, then WAITING, then the whole batch again from the start
 * </pre>
 *
 * <p>Nothing is marked clean before a flush of the backing device that succeeded after all writes
 * of the batch; a failed flush means that every write of the batch is done again.
 *
 * <p>A line that cannot be written back is left dirty, and the batch goes on without it: one that
 * is damaged, or that either device still refuses after some tries. {@link CopyForward} takes it
 * out of the log's way when the room is needed.
 */
public final class Writeback implements DeviceOperation.Owner {

  /** So often a device may refuse something before that counts. */
  static final int TRIES = 5;

  private enum Phase {
    IDLE,
    GATHERING,
    SORTING,
    ZEROING,
    WRITING,
    FLUSHING,
    WAITING
  }

  private static final int WRITES_IN_FLIGHT = 8;

  private final Log log;
  private final WritebackPlan plan = new WritebackPlan();
  private final Batch batch;
  private final CopyForward copyForward;
  private final Extent[] extents = new Extent[WRITES_IN_FLIGHT];
  private final DeviceOperation flush = new DeviceOperation(this);
  private final Work sorting = new Sorting();
  private final BackOff backOff = new BackOff();

  private Phase phase = Phase.IDLE;
  private int inFlight;
  private int error;
  private String failure = "";
  private long nowNs;
  private boolean allowed = true;
  private boolean draining;
  private boolean stopped;

  /** Batches in a row that could not be read, and that had writes refused. */
  private int unreadable;

  private int refused;

  /** Writes of this batch that the backing device has taken, and lines that it has not. */
  private int writesTaken;

  private int linesRefused;

  private long linesWritten;
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
    for (int i = 0; i < WRITES_IN_FLIGHT; i++) {
      extents[i] = new Extent(this, plan, batch, memory, at + i * Extent.BYTES_MAX);
    }
    at += WRITES_IN_FLIGHT * Extent.BYTES_MAX;
    copyForward = new CopyForward(log, check, barriers, failure, memory, at);
  }

  /** Memory that write-back needs for a log of this geometry. */
  public static long bytes(Geometry geometry) {
    return Batch.bytes(geometry) + WRITES_IN_FLIGHT * Extent.BYTES_MAX + Geometry.BLOCK;
  }

  /** Whether background write-back may run; a batch that has begun goes on to its end. */
  public void setAllowed(boolean newAllowed) {
    allowed = newAllowed;
  }

  /** From now on it runs, whether it is allowed to or not. */
  public void drain() {
    draining = true;
  }

  /** It runs again when it is allowed to. */
  public void cancelDrain() {
    draining = false;
  }

  /** Segments that a batch takes at the most; of the next batch. */
  public void setBatchSegments(int segments) {
    batch.setSegments(segments);
  }

  /** Segments that a batch takes just now. */
  public int batchSegments() {
    return batch.segments();
  }

  /** Whether every segment has had its turn; what is dirty then cannot be written back. */
  public boolean hasSweptAll() {
    return log.current() == null && copyForward.sweptId() >= log.ring.newestId();
  }

  /**
   * Begins nothing more; what is in flight comes to its end, and is done again in the next life.
   */
  public void stop() {
    stopped = true;
  }

  /** The time goes on; {@code now} is monotonic, nanoseconds. */
  public void tick(long now) {
    nowNs = now;
  }

  /**
   * Moves on as far as possible without waiting; {@code urged}: somebody waits for room in the log.
   */
  public void advance(boolean urged, Effects effects) {
    if (stopped) {
      return;
    }
    if (phase == Phase.WAITING && backOff.isOver(nowNs)) {
      phase = Phase.IDLE;
    }
    if (phase == Phase.IDLE
        && (allowed || urged || draining)
        && batch.newestAllowed() > copyForward.sweptId()) {
      begin(effects);
    }
    copyForward.advance(urged, nowNs, effects);
  }

  private void begin(Effects effects) {
    error = Errno.OK;
    writesTaken = 0;
    linesRefused = 0;
    phase = Phase.GATHERING;
    inFlight = batch.collect(copyForward.sweptId(), !mayLeave(unreadable), effects);
    if (inFlight == 0) {
      sort(effects);
    }
  }

  /** A segment of the batch is in memory, and checked. */
  void gathered(Effects effects) {
    inFlight--;
    sortWhenGathered(effects);
  }

  private void readDone(DeviceOperation read, int ioError, Effects effects) {
    if (batch.readDone(read.purpose, ioError, effects)) {
      inFlight--;
      failed(read, ioError);
      sortWhenGathered(effects);
    }
  }

  private void sortWhenGathered(Effects effects) {
    if (inFlight == 0 && error != Errno.OK) {
      unreadable++;
      giveUp();
    } else if (inFlight == 0) {
      sort(effects);
    }
  }

  private void sort(Effects effects) {
    phase = Phase.SORTING;
    batch.plan();
    inFlight++;
    effects.run(sorting);
  }

  private final class Sorting extends Work {
    @Override
    public void run() {
      plan.sort(isSingly() ? 1 : Extent.BLOCKS_MAX);
    }

    @Override
    public void finished(Effects effects) {
      inFlight--;
      beginWrites(Phase.ZEROING, effects);
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

  /** All zero ranges are answered before the first line is written: a line may lie in one. */
  private void beginWrites(Phase zeroingOrWriting, Effects effects) {
    phase = zeroingOrWriting;
    for (Extent extent : extents) {
      next(extent, effects);
    }
    writesDone(effects);
  }

  private void next(Extent extent, Effects effects) {
    if (stopped || error != Errno.OK) {
      return;
    }
    boolean linesToo = phase == Phase.WRITING || !log.rules.hold(Rule.ZEROES_BEFORE_LINES);
    if (phase == Phase.ZEROING && plan.nextZeroRange()) {
      inFlight++;
      extent.beginZeroes(effects);
    } else if (linesToo && plan.next()) {
      inFlight++;
      extent.begin(effects);
    }
  }

  void written(Extent extent, int ioError, Effects effects) {
    inFlight--;
    if (ioError == Errno.OK || !log.rules.hold(Rule.BACKING_ERROR)) {
      writesTaken++;
      linesWritten += extent.lines();
    } else if (phase == Phase.WRITING && isSingly() && Errno.isBadPlace(ioError)) {
      linesRefused++;
      batch.leave(extent.position());
      failure = describe(extent.write(), ioError);
    } else {
      failed(extent.write(), ioError);
    }
    next(extent, effects);
    writesDone(effects);
  }

  private void writesDone(Effects effects) {
    if (inFlight > 0) {
      return;
    }
    if (linesRefused > 0 && writesTaken == 0) {
      error = Errno.EIO; // nothing can be said of single lines: the whole device may be gone
    }
    if (error != Errno.OK || stopped) {
      refused += Errno.isBadPlace(error) ? 1 : 0;
      giveUp();
      return;
    }
    if (phase == Phase.ZEROING) {
      beginWrites(Phase.WRITING, effects);
      return;
    }
    if (!log.rules.hold(Rule.BACKING_FLUSH)) {
      end();
      return;
    }
    phase = Phase.FLUSHING;
    inFlight++;
    flush.target = DeviceOperation.Target.BACKING;
    flush.request.set(Operation.FLUSH, 0, 0, 0);
    effects.submit(flush);
  }

  /** A read of the cache device, or the flush of the backing device. */
  @Override
  public void ioDone(DeviceOperation operation, int ioError, Effects effects) {
    if (operation != flush) {
      readDone(operation, ioError, effects);
      return;
    }
    inFlight--;
    if (ioError == Errno.OK || !log.rules.hold(Rule.BACKING_ERROR)) {
      end();
    } else {
      failed(flush, ioError);
      giveUp();
    }
  }

  private void end() {
    batch.clean();
    allDamaged += batch.damaged();
    allRefused += linesRefused;
    copyForward.swept(batch.lastId());
    backOff.succeeded();
    unreadable = 0;
    refused = 0;
    failure = "";
    phase = Phase.IDLE;
  }

  private void failed(DeviceOperation operation, int newError) {
    error = newError;
    failure = describe(operation, newError);
  }

  private static String describe(DeviceOperation operation, int error) {
    return operation + ": " + Errno.name(error);
  }

  private void giveUp() {
    phase = Phase.WAITING;
    backOff.failed(nowNs);
  }

  /** Why the last batch did not come to its end; empty if it did. */
  public String failure() {
    return failure;
  }

  public long linesWritten() {
    return linesWritten;
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
