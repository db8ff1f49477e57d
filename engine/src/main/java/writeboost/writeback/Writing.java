package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.Rule;

/**
 * Carries out the plan of a batch: zero ranges first, then lines in backing order, several extents
 * in flight, and the backing device flushed each so often, which makes clean what was written until
 * then. Under the core's lock.
 *
 * <pre>
 *   ZEROING -> WRITING -> FLUSHING -> WRITING -> ... -> FLUSHING -> {@link Writeback#allWritten}
 *      any error: what is in flight comes to its end, then {@link Writeback#refused}, {@link Writeback#unreadable}
 * </pre>
 */
final class Writing implements DeviceOperation.Owner {

  /** Extents in flight at the most. */
  static final int IN_FLIGHT_MAX = 16;

  /** Lines between two flushes at the most: what an error makes us write again. */
  private static final int CHECKPOINT_MAX = 8192;

  private enum Phase {
    ZEROING,
    WRITING,
    FLUSHING,
    ENDED
  }

  private final Log log;
  private final WritebackPlan plan;
  private final Batch batch;
  private final Writeback writeback;
  private final Extent[] extents = new Extent[IN_FLIGHT_MAX];
  private final Extent[] idle = new Extent[IN_FLIGHT_MAX];
  private int idleCount;

  /**
   * Extents of lines in the order of the plan: from {@link #turn} on they wait for their lines, or
   * for one before them.
   */
  private final Extent[] inOrder = new Extent[IN_FLIGHT_MAX];

  private long begun;
  private long turn;
  private final DeviceOperation flush = new DeviceOperation(this);

  /** Lines between two flushes: not more than an eighth of a small log. */
  private final long checkpoint;

  private Phase phase = Phase.ENDED;
  private int inFlightMax = IN_FLIGHT_MAX;
  private boolean held;
  private int inFlight;
  private int error;

  /** The error is one of the cache device. */
  private boolean unreadable;

  /** Whether each line is written by itself, to find out which ones the backing device refuses. */
  private boolean singly;

  /** The backing device does not take the operation for zeroes; for good. */
  private boolean zeroesAsData;

  /** Lines of the plan before this one are clean, or left. */
  private int cleaned;

  private boolean runsCleaned;
  private int writesTaken;
  private int linesRefused;
  private long linesWritten;

  /**
   * @param base bytes from the start of {@code memory} to {@link #BYTES} that are ours
   */
  Writing(
      Writeback writeback,
      Log log,
      LineCheck check,
      WritebackPlan plan,
      Batch batch,
      MemorySegment memory,
      long base) {
    this.writeback = writeback;
    this.log = log;
    this.plan = plan;
    this.batch = batch;
    checkpoint = Math.clamp(log.geometry.lineCount() / 8, 1, CHECKPOINT_MAX);
    flush.target = DeviceOperation.Target.BACKING;
    for (int i = 0; i < IN_FLIGHT_MAX; i++) {
      long at = base + i * Extent.BYTES_MAX;
      extents[i] = new Extent(this, plan, batch, log, check, memory, at);
    }
  }

  static final long BYTES = IN_FLIGHT_MAX * Extent.BYTES_MAX;

  /** Of extents, from now on; at least one. */
  void setInFlightMax(int extentsInFlight) {
    inFlightMax = Math.clamp(extentsInFlight, 1, IN_FLIGHT_MAX);
  }

  /** Begins no write as long as it is held. */
  void setHeld(boolean newHeld) {
    held = newHeld;
  }

  /** Whether nothing is in flight. */
  boolean isQuiet() {
    return inFlight == 0 && phase != Phase.FLUSHING;
  }

  /** The plan is sorted. */
  void begin(boolean newSingly, Effects effects) {
    singly = newSingly;
    error = Errno.OK;
    unreadable = false;
    cleaned = 0;
    runsCleaned = false;
    writesTaken = 0;
    linesRefused = 0;
    inFlight = 0;
    System.arraycopy(extents, 0, idle, 0, IN_FLIGHT_MAX);
    idleCount = IN_FLIGHT_MAX;
    begun = 0;
    turn = 0;
    phase = Phase.ZEROING;
    advance(effects);
  }

  /** Moves on as far as possible without waiting. */
  void advance(Effects effects) {
    if (phase != Phase.ZEROING && phase != Phase.WRITING) {
      return;
    }
    while (goesOn() && !held && inFlight < inFlightMax && beginNext(effects)) {
      inFlight++;
    }
    if (inFlight == 0 && !(goesOn() && held)) {
      phaseDone(effects);
    }
  }

  private boolean beginNext(Effects effects) {
    boolean linesToo = phase == Phase.WRITING || !log.rules.hold(Rule.ZEROES_BEFORE_LINES);
    if (phase == Phase.ZEROING && plan.nextZeroRange()) {
      idle[--idleCount].beginZeroes(zeroesAsData || singly, effects);
      return true;
    }
    if (linesToo && plan.found() - cleaned < checkpoint && plan.next()) {
      Extent next = idle[--idleCount];
      inOrder[(int) (begun++ % IN_FLIGHT_MAX)] = next;
      next.begin(effects);
      return true;
    }
    return false;
  }

  /**
   * An extent has its lines. The cache device answers in any order, but the backing device gets its
   * writes in that of the plan: a disk that turns would lose most of a revolution for each that
   * comes too late.
   */
  void ready(Effects effects) {
    while (turn < begun && inOrder[(int) (turn % IN_FLIGHT_MAX)].isReady()) {
      inOrder[(int) (turn++ % IN_FLIGHT_MAX)].write(effects);
    }
  }

  /** Whether nothing speaks against the next write. */
  boolean goesOn() {
    return error == Errno.OK && !writeback.isStopped();
  }

  /** {@code extent} is done, or a write of it has failed. */
  void written(Extent extent, int ioError, Effects effects) {
    boolean zeroes = phase == Phase.ZEROING;
    ended(extent);
    linesWritten += extent.lines();
    if (ioError == Errno.OK || !log.rules.hold(Rule.BACKING_ERROR)) {
      writesTaken += zeroes || extent.lines() > 0 ? 1 : 0;
    } else if (!zeroes && singly && Errno.isBadPlace(ioError)) {
      linesRefused++;
      batch.leave(extent.position());
      writeback.describe(extent.write(), ioError);
    } else {
      zeroesAsData |= zeroes && (ioError == Errno.ENOTSUP || ioError == Errno.EINVAL);
      failed(extent.write(), ioError);
    }
    advance(effects);
  }

  /** The cache device does not give {@code extent} its lines. */
  void unreadable(Extent extent, DeviceOperation read, int ioError, Effects effects) {
    ended(extent);
    unreadable = true;
    failed(read, ioError);
    advance(effects);
  }

  private void ended(Extent extent) {
    inFlight--;
    idle[idleCount++] = extent;
  }

  private void failed(DeviceOperation operation, int ioError) {
    error = ioError;
    writeback.describe(operation, ioError);
  }

  private void phaseDone(Effects effects) {
    if (linesRefused > 0 && writesTaken == 0) {
      error = Errno.EIO; // nothing can be said of single lines: the whole device may be gone
    }
    if (!goesOn()) {
      phase = Phase.ENDED;
      if (unreadable) {
        writeback.unreadable();
      } else {
        writeback.refused(error);
      }
    } else if (phase == Phase.ZEROING) {
      phase = Phase.WRITING;
      advance(effects);
    } else if (!log.rules.hold(Rule.BACKING_FLUSH)) {
      flushed(effects);
    } else {
      phase = Phase.FLUSHING;
      flush.request.set(Operation.FLUSH, 0, 0, 0);
      effects.submit(flush);
    }
  }

  /** The flush of the backing device. */
  @Override
  public void ioDone(DeviceOperation operation, int ioError, Effects effects) {
    if (ioError == Errno.OK || !log.rules.hold(Rule.BACKING_ERROR)) {
      flushed(effects);
    } else {
      phase = Phase.ENDED;
      failed(flush, ioError);
      writeback.refused(Errno.OK); // a flush says nothing of any place
    }
  }

  private void flushed(Effects effects) {
    for (int i = 0; i < plan.zeroRuns() && !runsCleaned; i++) {
      batch.clean(plan.sourceOfZeroRun(i));
    }
    runsCleaned = true;
    for (; cleaned < plan.found(); cleaned++) {
      batch.clean(plan.sourceOf(cleaned));
    }
    if (plan.isAtEnd()) {
      phase = Phase.ENDED;
      writeback.allWritten(effects);
    } else {
      phase = Phase.WRITING;
      advance(effects);
    }
  }

  /** Lines of this batch that the backing device does not take. */
  int linesRefused() {
    return linesRefused;
  }

  /** Lines written to the backing device since the start. */
  long linesWritten() {
    return linesWritten;
  }
}
