package writeboost.log;

import org.jspecify.annotations.Nullable;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Timer;

/**
 * What is durable, and who waits for it: group commit (DESIGN section 5, rules 3, 6 and 7). Under
 * the core's lock.
 *
 * <p>A round: wait a while for more to come, if that is wanted; freeze the open group if somebody
 * waits for it, let the writes of everything up to there complete, flush the cache device once,
 * answer everybody. One round at a time; who comes during it joins the next. A layout that orders
 * its writes by flushes has one more flush in each round.
 */
public final class Barriers implements DeviceOperation.Owner {

  private final Log log;
  private final LogWriter writer;
  private final SegmentWriter.Failure failure;
  private final DeviceOperation flush = new DeviceOperation(this);

  private @Nullable DurabilityWaiter first;
  private @Nullable DurabilityWaiter last;

  /** Everything before this position is durable. */
  private long durable;

  /** While a round waits for its writes: the position they have to reach. */
  private long roundTarget = -1;

  private boolean flushing;
  private long coveredPosition;
  private long coveredRecord;
  private long recordWritten;
  private boolean urgent;
  private boolean syncWanted;

  /** How long the first who waits for a round may wait for others to join; 0: not at all. */
  private long deadlineNs;

  private final Timer deadline = new Timer(this::deadlineOver);
  private boolean deadlineRuns;
  private boolean deadlineIsOver;
  private int failed;
  private long flushes;

  public Barriers(Log log, LogWriter writer, SegmentWriter.Failure failure) {
    this.log = log;
    this.writer = writer;
    this.failure = failure;
    durable = log.ring.position(log.ring.newestId() + 1, 0);
    recordWritten = log.ring.durableRecordId();
  }

  /**
   * Calls back once everything that is in the log now is durable; at once, without I/O, where it
   * already is.
   */
  public void await(DurabilityWaiter waiter, Effects effects) {
    long position = log.end();
    if (failed != 0 || position <= durable) {
      waiter.durable(failed, effects);
      return;
    }
    waiter.awaitedPosition = position;
    waiter.nextWaiter = null;
    if (last == null) {
      first = waiter;
    } else {
      last.nextWaiter = waiter;
    }
    last = waiter;
    if (deadlineNs > 0 && !deadlineRuns) {
      deadlineRuns = true;
      deadline.delayNs = deadlineNs;
      effects.start(deadline);
    }
  }

  /**
   * How long a round may wait for more to join, from the first one on: nanoseconds, 0: it begins at
   * once. A segment that is full anyway, a lack of room and a sync do not wait.
   */
  public void setDeadline(long newDeadlineNs) {
    deadlineNs = newDeadlineNs;
  }

  /** A timer that was started for those before may come too early for these; never too late. */
  private void deadlineOver(Effects effects) {
    deadlineRuns = false;
    deadlineIsOver = first != null;
  }

  private boolean gathersMore() {
    return deadlineNs > 0
        && !deadlineIsOver
        && !urgent
        && (first == null || first.awaitedPosition > log.frozenEnd());
  }

  /** A record of this id has been written to the cache device; the next flush makes it durable. */
  public void recordWritten(long id) {
    recordWritten = id;
  }

  /** Makes durable what is in the log now, and a record that has been written; nobody waits. */
  public void sync() {
    syncWanted = true;
  }

  private boolean hasUnsaved() {
    return log.end() > durable || hasNewRecord();
  }

  /** Whether all is durable, and no flush on its way. */
  public boolean isAtRest() {
    return !flushing && roundTarget < 0 && !hasUnsaved();
  }

  /** Whether a flush is on its way. */
  public boolean isFlushing() {
    return flushing;
  }

  private boolean hasNewRecord() {
    return recordWritten > log.ring.durableRecordId();
  }

  /** Somebody waits for room in the log: flush as soon as that may help. */
  public void setUrgent(boolean newUrgent) {
    urgent = newUrgent;
  }

  /** Moves on as far as possible without waiting. */
  public void advance(Effects effects) {
    if (failed != 0) {
      return;
    }
    writer.advance(durable, effects);
    if (flushing) {
      return;
    }
    syncWanted &= hasUnsaved();
    if (roundTarget < 0 && (syncWanted || last != null && !gathersMore())) {
      roundTarget = syncWanted || last == null ? log.end() : last.awaitedPosition;
      syncWanted = false;
      deadlineIsOver = false;
      if (roundTarget > log.frozenEnd()) {
        log.freeze();
        writer.advance(durable, effects);
      }
    }
    if (roundTarget >= 0 ? isRoundReady() : wantsFlush()) {
      submitFlush(effects);
    }
  }

  private boolean isRoundReady() {
    return reached() >= roundTarget || writer.awaitsFlush(roundTarget);
  }

  /** What a flush submitted now covers. */
  private long reached() {
    return log.rules.hold(Rule.FLUSH_COVERS_COMPLETED) ? writer.completed() : log.frozenEnd();
  }

  /**
   * The engine flushes by itself, so that ids do not run into the window, RAM buffers come free,
   * and a record that slots wait for becomes durable.
   */
  private boolean wantsFlush() {
    long awaiting = writer.segmentsAwaitingFlush();
    if (urgent && (hasNewRecord() || writer.completed() > durable || awaiting > 0)) {
      return true;
    }
    long completedSegments = log.ring.idOf(writer.completed()) - 1 - log.durableId();
    long room = Math.min(log.geometry.window(), log.bufferCount());
    return Math.max(completedSegments, awaiting) >= Math.max(1, room / 2);
  }

  private void submitFlush(Effects effects) {
    flushing = true;
    coveredPosition = reached();
    coveredRecord = recordWritten;
    flush.target = DeviceOperation.Target.CACHE;
    flush.request.set(Operation.FLUSH, 0, 0, 0);
    flushes++;
    writer.flushSubmitted();
    effects.submit(flush);
  }

  @Override
  public void ioDone(DeviceOperation operation, int error, Effects effects) {
    flushing = false;
    if (error != 0) {
      failure.cacheFailed("flush", error, effects);
      return;
    }
    durable = coveredPosition;
    if (durable >= roundTarget) {
      roundTarget = -1;
    }
    log.durable(durable);
    writer.flushed(effects);
    log.ring.recordDurable(coveredRecord);
    while (first != null && first.awaitedPosition <= durable) {
      DurabilityWaiter waiter = first;
      first = waiter.nextWaiter;
      waiter.nextWaiter = null;
      if (first == null) {
        last = null;
      }
      waiter.durable(0, effects);
    }
    deadlineIsOver &= first != null;
  }

  /**
   * The cache device is not to be trusted any more: nobody who waits will get what they wait for.
   */
  public void fail(int error, Effects effects) {
    failed = error;
    DurabilityWaiter waiter = first;
    first = null;
    last = null;
    while (waiter != null) {
      DurabilityWaiter next = waiter.nextWaiter;
      waiter.nextWaiter = null;
      waiter.durable(error, effects);
      waiter = next;
    }
  }

  /** Everything before this position is durable. */
  public long durablePosition() {
    return durable;
  }

  /** Flushes of the cache device in this life. */
  public long flushes() {
    return flushes;
  }
}
