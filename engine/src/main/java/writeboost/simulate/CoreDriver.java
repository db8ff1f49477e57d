package writeboost.simulate;

import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Timer;
import writeboost.effect.Work;
import writeboost.layout.Geometry;
import writeboost.log.SegmentWriter;
import writeboost.volume.Core;
import writeboost.volume.Tunable;
import writeboost.writeback.Recorder;
import writeboost.writeback.Writeback;

/**
 * Carries out what a core asks for, each effect as an event of its own: every copy, every report
 * that it is done, every answer. One thread.
 */
final class CoreDriver implements Clients.Volume {

  private final Core core;
  private final Geometry geometry;
  private final BlockDevice cache;
  private final BlockDevice backing;
  private final EventQueue queue;
  private final Happenings happenings;
  private final long copyNs;
  private final long answerNs;
  private final Effects effects = new Effects();
  private final Request[] one = new Request[1];
  private final Work[] published = new Work[1];
  private int worksUnderWay;
  private @Nullable Request quiesced;
  private boolean quiet;

  CoreDriver(
      Core core,
      Geometry geometry,
      BlockDevice cache,
      BlockDevice backing,
      EventQueue queue,
      Happenings happenings,
      long copyNs,
      long answerNs) {
    this.core = core;
    this.geometry = geometry;
    this.cache = cache;
    this.backing = backing;
    this.queue = queue;
    this.happenings = happenings;
    this.copyNs = copyNs;
    this.answerNs = answerNs;
  }

  Core core() {
    return core;
  }

  // into the core

  @Override
  public void accept(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      noteRequest(batch[i]);
    }
    core.accept(batch, count, effects);
    boolean nothing = effects.isEmpty();
    for (int i = 0; i < count && nothing; i++) {
      noteWaiting(batch[i]);
    }
    carryOut();
  }

  @Override
  public void cancel(Request request) {
    core.cancel(request, effects);
    carryOut();
  }

  void tick() {
    core.tick(queue.nowNs(), effects);
    carryOut();
  }

  void tune(Tunable tunable, int value) {
    core.tune(tunable, value, effects);
    carryOut();
  }

  void drain() {
    core.drain(effects);
    carryOut();
  }

  void cancelDrain() {
    core.cancelDrain(effects);
    carryOut();
  }

  void suspend(Request newQuiesced) {
    quiesced = newQuiesced;
    core.suspend(newQuiesced, effects);
    carryOut();
  }

  void resume() {
    quiet = false;
    core.resume(effects);
    carryOut();
  }

  /** Whether the core is suspended, and has said that all is durable and nothing going on. */
  boolean isQuiet() {
    return quiet;
  }

  void stop(Request stopped) {
    quiet = false;
    core.stop(stopped, effects);
    carryOut();
  }

  private void publish(Work work) {
    worksUnderWay--;
    published[0] = work;
    core.published(published, 1, effects);
    carryOut();
  }

  private void ioDone(DeviceOperation operation) {
    core.ioDone(operation, operation.request.error, effects);
    carryOut();
  }

  // out of the core

  private void carryOut() {
    if (quiet && effects.operationCount() > 0) {
      throw new Violation("suspended, and yet: " + effects.operation(0));
    }
    for (int i = 0; i < effects.workCount(); i++) {
      Work work = effects.work(i);
      worksUnderWay++;
      queue.later(copyNs, () -> run(work));
    }
    for (int i = 0; i < effects.operationCount(); i++) {
      DeviceOperation operation = effects.operation(i);
      note(operation);
      queue.later(answerNs, () -> submit(operation));
    }
    for (int i = 0; i < effects.answeredCount(); i++) {
      Request request = effects.answered(i);
      int error = effects.error(i);
      boolean suspension = request.operation == Operation.FLUSH; // ended before it was quiet
      if (error == Errno.ECANCELED && !suspension) {
        happenings.happened(Happening.WRITE_CANCELLED);
        ClientRequest.letGo(request);
      }
      quiet |= request == quiesced && error == Errno.OK;
      queue.trace(error);
      queue.later(answerNs, () -> request.complete(error));
    }
    for (int i = 0; i < effects.timerCount(); i++) {
      Timer timer = effects.timer(i);
      queue.later(timer.delayNs, () -> elapsed(timer));
    }
    effects.clear();
  }

  private void elapsed(Timer timer) {
    core.elapsed(timer, effects);
    carryOut();
  }

  private void run(Work work) {
    work.run();
    queue.later(copyNs, () -> publish(work));
  }

  private void submit(DeviceOperation operation) {
    operation.request.completion(request -> ioDone(operation));
    one[0] = operation.request;
    (operation.target == DeviceOperation.Target.CACHE ? cache : backing).submit(one, 1);
  }

  // what is worth counting

  private void noteRequest(Request request) {
    boolean flush = request.operation == Operation.FLUSH;
    boolean fua = request.has(Request.FUA);
    if (worksUnderWay > 0 && flush) {
      happenings.happened(Happening.BARRIER_WHILE_FILLING);
    }
    if (fua) {
      happenings.happened(Happening.FUA);
    }
    if (request.operation == Operation.WRITE_ZEROES) {
      happenings.happened(Happening.WRITE_ZEROES);
    }
    if (request.operation == Operation.TRIM) {
      happenings.happened(Happening.TRIM);
    }
  }

  /** Nothing at all came of a request: a write waits for room in the log, a read for a line. */
  private void noteWaiting(Request request) {
    if (request.operation == Operation.WRITE) {
      happenings.happened(Happening.WRITE_WAITED);
    } else if (request.operation == Operation.READ) {
      happenings.happened(Happening.FILLING_LINE_READ);
    }
  }

  private void note(DeviceOperation operation) {
    Happening what = kind(operation);
    if (what != null) {
      happenings.happened(what);
    }
  }

  private @Nullable Happening kind(DeviceOperation operation) {
    Request request = operation.request;
    boolean read = request.operation == Operation.READ;
    if (operation.target == DeviceOperation.Target.BACKING) {
      return switch (request.operation) {
        case READ -> Happening.READ_FROM_BACKING;
        case WRITE_ZEROES -> Happening.ZERO_RUN_WRITTEN_BACK;
        default -> null;
      };
    }
    if (operation.owner instanceof Recorder) {
      return Happening.RECORD_WRITTEN;
    }
    if (operation.owner instanceof Writeback) {
      return read ? Happening.WRITE_BACK_FROM_DEVICE : null;
    }
    if (operation.owner instanceof SegmentWriter) {
      boolean behind = (request.offset - Geometry.SUPERBLOCK_REGION) % geometry.segmentBytes() != 0;
      return behind ? Happening.SEGMENT_APPENDED : null;
    }
    if (!read) {
      return null;
    }
    // The two kinds of pieces of a request are private to the volume; their names are not.
    boolean merge = operation.owner.getClass().getSimpleName().equals("WritePiece");
    return merge ? Happening.MERGE_FROM_DEVICE : Happening.READ_FROM_CACHE_DEVICE;
  }
}
