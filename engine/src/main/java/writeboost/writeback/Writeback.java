package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Work;
import writeboost.layout.Geometry;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.Rule;

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
 */
public final class Writeback implements DeviceOperation.Owner {

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
  private static final long BACK_OFF_FIRST_NS = 100_000_000L;
  private static final long BACK_OFF_MAX_NS = 10_000_000_000L;

  private final Log log;
  private final WritebackPlan plan = new WritebackPlan(Extent.BLOCKS_MAX);
  private final Batch batch;
  private final Extent[] extents = new Extent[WRITES_IN_FLIGHT];
  private final DeviceOperation flush = new DeviceOperation(this);
  private final Work sorting = new Sorting();

  private Phase phase = Phase.IDLE;
  private int inFlight;
  private int error;
  private String failure = "";
  private long backOffNs = BACK_OFF_FIRST_NS;
  private long retryAtNs;
  private long nowNs;
  private boolean allowed = true;
  private boolean stopped;
  private long linesWritten;

  /**
   * @param memory {@link #bytes} long, aligned to 4096
   */
  public Writeback(Log log, LineCheck check, MemorySegment memory) {
    this.log = log;
    this.batch = new Batch(log, check, plan, memory, this);
    for (int i = 0; i < WRITES_IN_FLIGHT; i++) {
      extents[i] =
          new Extent(this, plan, batch, memory, Batch.bytes(log.geometry) + i * Extent.BYTES_MAX);
    }
  }

  /** Memory that write-back needs for a log of this geometry. */
  public static long bytes(Geometry geometry) {
    return Batch.bytes(geometry) + WRITES_IN_FLIGHT * Extent.BYTES_MAX;
  }

  /** Whether background write-back may run; a batch that has begun goes on to its end. */
  public void setAllowed(boolean newAllowed) {
    allowed = newAllowed;
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
    if (phase == Phase.WAITING && nowNs - retryAtNs >= 0) {
      phase = Phase.IDLE;
    }
    if (!stopped
        && phase == Phase.IDLE
        && (allowed || urged)
        && batch.newestAllowed() > log.ring.writtenBackId()) {
      begin(effects);
    }
  }

  private void begin(Effects effects) {
    error = Errno.OK;
    phase = Phase.GATHERING;
    inFlight = batch.collect(effects);
    if (inFlight == 0) {
      sort(effects);
    }
  }

  private void sort(Effects effects) {
    phase = Phase.SORTING;
    inFlight++;
    effects.run(sorting);
  }

  private final class Sorting extends Work {
    @Override
    public void run() {
      plan.sort();
    }

    @Override
    public void finished(Effects effects) {
      inFlight--;
      beginWrites(Phase.ZEROING, effects);
    }
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

  /** An extent is in memory, to be written unless some of it is damaged. */
  void gathered(Extent extent, Effects effects) {
    if (extent.isDamaged()) {
      inFlight--;
      failed("a line of " + batch + " on the cache device is damaged", Errno.EIO, effects);
    } else {
      linesWritten += extent.lines();
      effects.submit(extent.write());
    }
  }

  void written(Extent extent, int ioError, Effects effects) {
    inFlight--;
    if (ioError == Errno.OK || !log.rules.hold(Rule.BACKING_ERROR)) {
      next(extent, effects);
      writesDone(effects);
    } else {
      failed(extent.write().toString(), ioError, effects);
    }
  }

  private void writesDone(Effects effects) {
    if (inFlight > 0) {
      return;
    }
    if (error != Errno.OK || stopped) {
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

  /** A segment of the batch has been copied out of RAM. */
  void gathered(Effects effects) {
    inFlight--;
    sortWhenGathered(effects);
  }

  private void sortWhenGathered(Effects effects) {
    if (inFlight == 0 && error != Errno.OK) {
      giveUp();
    } else if (inFlight == 0) {
      sort(effects);
    }
  }

  /** A read of the cache device, or the flush of the backing device. */
  @Override
  public void ioDone(DeviceOperation operation, int ioError, Effects effects) {
    inFlight--;
    boolean backing = phase == Phase.FLUSHING;
    if (ioError != Errno.OK && !(backing && !log.rules.hold(Rule.BACKING_ERROR))) {
      failed(operation.toString(), ioError, effects);
    } else if (backing) {
      end();
    } else {
      sortWhenGathered(effects);
    }
  }

  private void end() {
    batch.clean();
    backOffNs = BACK_OFF_FIRST_NS;
    failure = "";
    phase = Phase.IDLE;
  }

  private void failed(String what, int newError, Effects effects) {
    error = newError;
    failure = what + ": " + Errno.name(newError);
    if (phase == Phase.ZEROING || phase == Phase.WRITING) {
      writesDone(effects);
    } else if (inFlight == 0) {
      giveUp();
    }
  }

  private void giveUp() {
    phase = Phase.WAITING;
    retryAtNs = nowNs + backOffNs;
    backOffNs = Math.min(backOffNs * 2, BACK_OFF_MAX_NS);
  }

  /** Why the last batch did not come to its end; empty if it did. */
  public String failure() {
    return failure;
  }

  public long linesWritten() {
    return linesWritten;
  }
}
