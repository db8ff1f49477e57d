package writeboost.volume;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Timer;
import writeboost.effect.Work;
import writeboost.layout.Geometry;
import writeboost.layout.Layout;
import writeboost.log.Barriers;
import writeboost.log.DirtyAge;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.LogWriter;
import writeboost.log.Rule;
import writeboost.writeback.Recorder;
import writeboost.writeback.Writeback;

/**
 * The passive core: the whole state machine under one lock, entered from any thread through a
 * handful of methods. Each takes the lock once, calls nobody, appends what is to be done to {@link
 * Effects} and returns; the caller carries it out after unlocking (DESIGN section 3). What cannot
 * be done now is queued in here; no thread ever waits.
 *
 * <p>The core knows no time but {@link #tick}, starts no thread, and does no I/O.
 */
public final class Core {

  /** What the core needs to know about its volume. */
  public record Configuration(long sizeBytes, boolean readOnly, long uuidHigh, long uuidLow) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Configuration configuration;
  private final Admission admission;
  private final Log log;
  private final Statistics statistics = new Statistics();
  private final Diagnosis diagnosis;
  private final UnreadLines unread;
  private final LogWriter writer;
  private final Barriers barriers;
  private final Writeback writeback;
  private final Recorder recorder;
  private final Tuning tuning;
  private final WritePath writes;
  private final ReadPath reads;
  private final BlockStates states;
  private final Pool<Ticket> tickets = new Pool<>(() -> new Ticket(this));
  private final DirtyAge dirtyAge;
  private final Suspension suspension = new Suspension();

  /** Requests accepted and not answered. */
  private int inside;

  private boolean stopping;

  /** Everything is to be written back, whoever waits for room or not. */
  private boolean draining;

  /** To be answered when everything is durable, and nobody writes the record any more. */
  private @Nullable Request pendingStop;

  /** Over a log that is ready to be appended to, with memory of {@link CoreMemory}. */
  public Core(Configuration configuration, Log log, CoreMemory memory) {
    this.configuration = configuration;
    admission = new Admission(configuration, log.layout);
    this.log = log;
    LineCheck check = new LineCheck(log, configuration.uuidHigh, configuration.uuidLow);
    writer = LogWriter.of(log, configuration.uuidHigh, configuration.uuidLow, this::cacheFailed);
    dirtyAge = new DirtyAge(log);
    barriers = new Barriers(log, writer, this::cacheFailed);
    writeback = new Writeback(log, check, barriers, memory.writeback(), this::cacheFailed);
    unread = new UnreadLines(log);
    diagnosis = new Diagnosis(writeback, statistics, unread);
    recorder = new Recorder(log, barriers, memory.record(), this::cacheFailed);
    tuning = new Tuning(writeback, recorder, barriers);
    writes = new WritePath(this, log, check, statistics);
    reads = new ReadPath(this, log, check, new BouncePool(memory.bounces()), statistics, unread);
    states = new BlockStates(this, lock, log);
  }

  // entry points

  /**
   * New requests, in the order in which they count. Each is answered through the effects of this
   * call or of a later one.
   */
  public void accept(Request[] batch, int count, Effects effects) {
    lock.lock();
    try {
      for (int i = 0; i < count; i++) {
        accept(batch[i], effects);
      }
      advance(effects);
    } finally {
      lock.unlock();
    }
  }

  /** The first {@code count} of {@code works} have run. */
  public void published(Work[] works, int count, Effects effects) {
    lock.lock();
    try {
      for (int i = 0; i < count; i++) {
        works[i].finished(effects);
      }
      advance(effects);
    } finally {
      lock.unlock();
    }
  }

  /** A device has answered; {@code error} is 0 or one of {@link Errno}. */
  public void ioDone(DeviceOperation operation, int error, Effects effects) {
    lock.lock();
    try {
      diagnosis.answered(operation, error);
      operation.owner.ioDone(operation, error, effects);
      advance(/* mayBegin= */ true, effects);
    } finally {
      lock.unlock();
    }
  }

  /** A timer has run out. */
  public void elapsed(Timer timer, Effects effects) {
    change(effects, () -> timer.owner.elapsed(effects));
  }

  /** Time passes; {@code nowNs} is monotonic. */
  public void tick(long nowNs, Effects effects) {
    change(
        effects,
        () -> {
          writeback.tick(nowNs);
          dirtyAge.tick(nowNs);
          tuning.tick(nowNs);
          diagnosis.tick(nowNs);
        });
  }

  /**
   * How busy the backing device has been until now. What follows from it happens at the next {@link
   * #tick}.
   *
   * @param nowNs monotonic, as in {@link #tick}
   * @param busyNs time in which it has been busy so far; negative where nobody knows
   * @param writebackNs time of that in which it had nothing but requests of write-back
   */
  public void backingLoad(long nowNs, long busyNs, long writebackNs) {
    lock.lock();
    try {
      tuning.backingLoad(nowNs, busyNs, writebackNs);
    } finally {
      lock.unlock();
    }
  }

  /**
   * {@code request} is not waited for any more: if it waits for room in the log, or for the end of
   * a suspension, it is answered now.
   */
  public void cancel(Request request, Effects effects) {
    lock.lock();
    try {
      if (request.deviceState instanceof Ticket ticket && ticket.waiting) {
        if (!suspension.cancel(ticket, effects)) {
          writes.cancel(ticket, effects);
        }
        advance(effects);
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * No more requests are taken, no more write-back begun; {@code stopped}, a FLUSH, is answered
   * once everything accepted so far is durable and the current segment closed. Ends a suspension.
   */
  public void stop(Request stopped, Effects effects) {
    change(
        effects,
        () -> {
          stopping = true;
          writeback.stop();
          writes.endWaiting(Errno.ESHUTDOWN, effects);
          suspension.end(Errno.ESHUTDOWN, effects).endAll(Errno.ESHUTDOWN, effects);
          log.close();
          pendingStop = stopped;
        });
  }

  /**
   * From now on write-back goes on until nothing is left that the backing device does not have. A
   * core that is read-only writes to the backing device, for this alone; never to the cache device.
   */
  public void drain(Effects effects) {
    change(
        effects,
        () -> {
          draining = true;
          writeback.drain();
          if (!suspension.isOn()) { // otherwise write-back seals it, when nothing else is left
            log.seal();
          }
        });
  }

  /** Write-back goes on as it did before {@link #drain}; what has begun comes to its end. */
  public void cancelDrain(Effects effects) {
    change(
        effects,
        () -> {
          draining = false;
          writeback.cancelDrain();
        });
  }

  /**
   * From now on new requests wait, in order, until {@link #resume}, and write-back pauses. {@code
   * quiesced}, a FLUSH, is answered once every request accepted before is answered (but for those
   * that wait for room in the log: they go on waiting), everything that was acknowledged is durable
   * on the cache device, and no device has anything to do. It is answered EIO where the volume has
   * failed, ECANCELED where a resume comes first, and ESHUTDOWN where a stop does.
   *
   * <p>A core that is suspended already stays so.
   */
  public void suspend(Request quiesced, Effects effects) {
    change(
        effects,
        () -> {
          if (stopping) {
            effects.answer(quiesced, Errno.ESHUTDOWN);
          } else {
            suspension.begin(quiesced);
            writeback.setHeld(true);
          }
        });
  }

  /** Goes on after {@link #suspend}, with the requests that have waited first, in their order. */
  public void resume(Effects effects) {
    change(
        effects,
        () -> {
          if (suspension.isOn()) {
            writeback.setHeld(false);
            goOn(suspension.end(Errno.ECANCELED, effects), effects);
          }
        });
  }

  private void goOn(TicketQueue held, Effects effects) {
    while (!held.isEmpty()) {
      Ticket ticket = held.removeFirst();
      int error = refusal(ticket.request); // the cache device may have failed meanwhile
      if (error != Errno.OK) {
        ticket.refuse(error, effects);
      } else {
        begin(ticket, effects);
      }
    }
  }

  /** For what comes now and then, and not from a client that waits for the calling thread. */
  private void change(Effects effects, Runnable change) {
    lock.lock();
    try {
      change.run();
      advance(/* mayBegin= */ true, effects);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sets what holds from the beginning; before all other calls. {@code failWhenFull} as in {@link
   * VolumeOptions}.
   */
  public void begin(Tunables values, boolean failWhenFull) {
    lock.lock();
    try {
      diagnosis.setFailsWhenFull(failWhenFull);
      for (Tunable tunable : Tunable.values()) {
        tuning.set(tunable, values.get(tunable));
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sets {@code tunable}.
   *
   * @throws IllegalArgumentException if {@code value} is out of range; then nothing has changed
   */
  public void tune(Tunable tunable, int value, Effects effects) {
    change(effects, () -> tuning.set(tunable, value));
  }

  /** The counters of pieces begin at zero again. */
  public void clearStatistics() {
    lock.lock();
    try {
      statistics.clear();
    } finally {
      lock.unlock();
    }
  }

  // inside

  private void accept(Request request, Effects effects) {
    int error = refusal(request);
    if (error != Errno.OK || admission.isNothing(request)) {
      effects.answer(request, error);
      return;
    }
    Ticket ticket = ticket(request);
    if (suspension.isOn()) {
      suspension.hold(ticket);
    } else {
      begin(ticket, effects);
    }
  }

  private void begin(Ticket ticket, Effects effects) {
    switch (ticket.request.operation) {
      case READ -> reads.accept(ticket, effects);
      case WRITE, WRITE_ZEROES, TRIM -> writes.accept(ticket, effects);
      case FLUSH -> ticket.await(barriers, effects);
    }
  }

  private int refusal(Request request) {
    int error = stopping ? Errno.ESHUTDOWN : admission.refusal(request);
    boolean kept = !diagnosis.isFailed() || request.operation == Operation.READ;
    return error == Errno.OK && !kept ? Errno.EIO : error;
  }

  private Ticket ticket(Request request) {
    inside++;
    Ticket ticket = tickets.take();
    ticket.begin(request);
    return ticket;
  }

  /** Lets every part go on as far as it can; the order is the way of a write. */
  private void advance(Effects effects) {
    advance(/* mayBegin= */ false, effects);
  }

  /**
   * As {@link #advance(Effects)}.
   *
   * @param mayBegin no client waits for the calling thread, so that it may begin long work
   */
  private void advance(boolean mayBegin, Effects effects) {
    if (suspension.isQuiet()) {
      return;
    }
    moveOn(mayBegin, effects);
    diagnosis.submitting(effects);
    if (suspension.isQuiescing() && isQuiet()) {
      suspension.quiet(diagnosis.isFailed() ? Errno.EIO : Errno.OK, effects);
    }
  }

  private boolean isQuiet() {
    boolean durable = diagnosis.isFailed() ? !barriers.isFlushing() : barriers.isAtRest();
    return (durable || !holds(Rule.SUSPENDED_IS_DURABLE))
        && inside == suspension.heldCount() + writes.waitingCount()
        && writeback.isQuiet()
        && !recorder.isWriting();
  }

  private void moveOn(boolean mayBegin, Effects effects) {
    if (pendingStop != null && !recorder.isWriting()) {
      ticket(pendingStop).await(barriers, effects);
      barriers.sync(); // who stops does not gather others
      pendingStop = null;
    }
    if (configuration.readOnly || diagnosis.isFailed()) {
      if (draining && !stopping) {
        writeback.advance(/* urged= */ false, mayBegin, effects);
      }
      return;
    }
    writes.advance(effects);
    if (writes.hasWaiting() && log.lacksSlot() && diagnosis.refusesToWait()) {
      writes.endWaiting(Errno.ENOSPC, effects);
    }
    boolean waiting = writes.hasWaiting();
    if (!stopping) {
      writeback.advance(waiting && log.lacksSlot(), mayBegin, effects);
    }
    if (suspension.isQuiescing()) {
      barriers.sync();
    } else if (!stopping) {
      recorder.advance(effects);
    }
    barriers.setUrgent(waiting || draining);
    barriers.advance(effects);
  }

  void cacheFailed(String what, int error, Effects effects) {
    if (!diagnosis.isFailed() && holds(Rule.FAILED_FLUSH_IS_FINAL)) {
      diagnosis.fail("cache device: " + what + ": " + Errno.name(error));
      barriers.fail(Errno.EIO, effects);
      writes.endWaiting(Errno.EIO, effects);
    }
  }

  /** What the log is written in. */
  public Layout layout() {
    return log.layout;
  }

  // for the parts

  Barriers barriers() {
    return barriers;
  }

  Admission admission() {
    return admission;
  }

  Suspension suspension() {
    return suspension;
  }

  boolean isStopping() {
    return stopping;
  }

  boolean holds(Rule rule) {
    return log.rules.hold(rule);
  }

  Statistics statistics() {
    return statistics;
  }

  void ticketDone(Ticket ticket) {
    inside--;
    tickets.put(ticket);
  }

  // looking in

  /** Where the content of the volume is; any thread. */
  public BlockStates states() {
    return states;
  }

  /** A consistent look at the numbers; takes the lock. */
  public Snapshot snapshot() {
    lock.lock();
    try {
      return new Snapshot(
          log.dirtyLines(),
          log.linesDirtied(),
          dirtyAge.seconds(),
          log.geometry.segmentCount(),
          log.ring.writtenBackId(),
          log.durableId(),
          log.ring.newestId(),
          log.cursor(),
          statistics.snapshot(),
          tuning.inForce(),
          writeback.batchSegments(),
          tuning.backingLoad(),
          suspension.isOn(),
          barriers.durablePosition(),
          (log.end() - barriers.durablePosition()) * Geometry.BLOCK,
          writer.bytesWritten(),
          barriers.flushes(),
          writeback.linesWritten(),
          Math.max(writeback.linesDamaged(), unread.count()),
          writeback.linesRefused(),
          writeback.linesCopiedForward(),
          statistics.lostSectors() + writeback.sectorsLost(),
          writeback.hasSweptAll(),
          writeback.failure(),
          diagnosis.health());
    } finally {
      lock.unlock();
    }
  }
}
