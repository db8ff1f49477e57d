package writeboost.volume;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Timer;
import writeboost.effect.Work;

/**
 * Carries out what the core asks for, on the thread that came in: a connection with new requests, a
 * device with an answer, the timer. Any thread; what belongs to one of them is in its {@link Turn}.
 *
 * <p>Nothing re-enters: what is answered while a turn is being carried out on the same thread (a
 * device that answers inside {@code submit}) joins the turn's queue.
 */
final class Driver {

  /** How often the core is told how busy the backing device is. */
  private static final long LOAD_WINDOW_NS = TimeUnit.SECONDS.toNanos(1);

  /** Runs in the log that one hint goes through. */
  private static final int PREFETCHES_MAX = 32;

  private final Core core;
  private final BlockDevice cache;
  private final BlockDevice backing;
  private final Time time;
  private final Request.Completion answered = this::answered;
  private final ThreadLocal<Turn> turns = ThreadLocal.withInitial(Turn::new);

  /** What the backing device has had to do for us. */
  private final BackingLoad load = new BackingLoad();

  private long loadToldNs;

  /** Device operations not answered, and turns not ended; both use the core's memory. */
  private final AtomicInteger active = new AtomicInteger();

  Driver(Core core, BlockDevice cache, BlockDevice backing, Time time) {
    this.core = core;
    this.cache = cache;
    this.backing = backing;
    this.time = time;
  }

  /** What one thread is about to do. */
  private final class Turn {
    private Effects effects = new Effects();
    private Effects next = new Effects();
    private final ArrayDeque<DeviceOperation> answeredInside = new ArrayDeque<>();
    private Request[] forCache = new Request[64];
    private Request[] forBacking = new Request[64];
    private Work[] works = new Work[64];
    private boolean busy;

    /** A FLUSH that the thread waits for; none once it is answered. */
    private @Nullable Request awaited;

    /** Until nothing is left to do. */
    void carryOut() {
      busy = true;
      try {
        while (!next.isEmpty() || !answeredInside.isEmpty()) {
          Effects now = next;
          next = effects;
          effects = now;
          stopWaitingIfAnswered(now);
          submitAll(now);
          runAll(now);
          for (int i = 0; i < now.answeredCount(); i++) {
            now.answered(i).complete(now.error(i));
          }
          for (int i = 0; i < now.timerCount(); i++) {
            time.start(now.timer(i));
          }
          now.clear();
          DeviceOperation operation = answeredInside.poll();
          while (operation != null) {
            core.ioDone(operation, operation.request.error, next);
            active.decrementAndGet(); // the turn itself still counts
            operation = answeredInside.poll();
          }
        }
      } finally {
        busy = false;
      }
    }

    private void stopWaitingIfAnswered(Effects now) {
      for (int i = 0; awaited != null && i < now.answeredCount(); i++) {
        if (now.answered(i) == awaited) {
          awaited = null;
        }
      }
    }

    /** I/O first: the devices work while we compute. */
    private void submitAll(Effects now) {
      int count = now.operationCount();
      if (count == 0) {
        return;
      }
      if (forCache.length < count) {
        forCache = new Request[count * 2];
        forBacking = new Request[count * 2];
      }
      int cacheCount = 0;
      int backingCount = 0;
      for (int i = 0; i < count; i++) {
        DeviceOperation operation = now.operation(i);
        operation.request.completion(answered);
        active.incrementAndGet();
        switch (operation.target) {
          case CACHE -> {
            if (awaited != null && operation.request.operation != Operation.READ) {
              operation.request.flags |= Request.AWAITED;
            }
            forCache[cacheCount++] = operation.request;
          }
          case BACKING -> forBacking[backingCount++] = operation.request;
        }
      }
      if (cacheCount > 0) {
        cache.submit(forCache, cacheCount);
      }
      if (backingCount > 0) {
        noteSubmitted(backingCount);
        backing.submit(forBacking, backingCount);
      }
    }

    private void noteSubmitted(int count) {
      int forClients = 0;
      for (int i = 0; i < count; i++) {
        forClients += isForClient(forBacking[i]) ? 1 : 0;
      }
      load.submitted(forClients, count - forClients, time.nowNs());
    }

    private void runAll(Effects now) {
      int count = now.workCount();
      if (count == 0) {
        return;
      }
      if (works.length < count) {
        works = new Work[count * 2];
      }
      for (int i = 0; i < count; i++) {
        works[i] = now.work(i);
        works[i].run();
      }
      core.published(works, count, next);
    }

    private void done() {
      if (!busy) {
        carryOut();
      }
    }
  }

  /** Goes before everything that touches the core; {@link #end} goes last. */
  private Turn begin() {
    active.incrementAndGet();
    return turns.get();
  }

  private void end() {
    active.decrementAndGet();
  }

  void submit(Request[] batch, int count) {
    Turn turn = begin();
    try {
      core.accept(batch, count, turn.next);
      turn.awaited = count == 1 && batch[0].has(Request.AWAITED) ? batch[0] : null;
      turn.done();
      turn.awaited = null;
    } finally {
      end();
    }
  }

  void cancel(Request request) {
    Turn turn = begin();
    try {
      core.cancel(request, turn.next);
      turn.done();
    } finally {
      end();
    }
  }

  /** As {@link BlockStates#answer}. */
  void states(Extents extents) {
    active.incrementAndGet();
    int error;
    try {
      error = core.states().answer(extents);
    } finally {
      active.decrementAndGet();
    }
    extents.complete(error);
  }

  void describe(Extents extents) {
    active.incrementAndGet();
    try {
      Description.begin(extents, core, backing);
    } finally {
      active.decrementAndGet();
    }
  }

  /** The backing device is told of what the log does not have. */
  void prefetch(long offset, long length) {
    Extents log = new Extents(PREFETCHES_MAX, unused -> {}).ask(offset, length, PREFETCHES_MAX);
    states(log);
    if (log.error != Errno.OK || core.states().areAllThereIs()) {
      return;
    }
    long at = offset;
    for (int i = 0; i < log.count(); i++) {
      if (log.state(i) == BlockState.ABSENT) {
        backing.prefetch(at, log.length(i));
      }
      at += log.length(i);
    }
  }

  /** By one thread. */
  void tick(long nowNs) {
    Turn turn = begin();
    try {
      tellLoad(nowNs);
      core.tick(nowNs, turn.next);
      turn.done();
    } finally {
      end();
    }
  }

  /** {@code timer} has run out. */
  void elapsed(Timer timer) {
    Turn turn = begin();
    try {
      core.elapsed(timer, turn.next);
      turn.done();
    } finally {
      end();
    }
  }

  /** The device itself knows best how busy it is; otherwise what it does for our clients counts. */
  private void tellLoad(long nowNs) {
    if (loadToldNs != 0 && nowNs - loadToldNs < LOAD_WINDOW_NS) {
      return;
    }
    loadToldNs = nowNs;
    long busyNs = backing.busyNanoseconds();
    if (busyNs >= 0) {
      core.backingLoad(nowNs, busyNs, load.writebackOnlyNs(nowNs));
    } else {
      core.backingLoad(nowNs, load.clientsNs(nowNs), 0);
    }
  }

  private static boolean isForClient(Request request) {
    return ((DeviceOperation) Objects.requireNonNull(request.attachment)).owner
        instanceof ReadPiece;
  }

  void drain() {
    Turn turn = begin();
    try {
      core.drain(turn.next);
      turn.done();
    } finally {
      end();
    }
  }

  void cancelDrain() {
    Turn turn = begin();
    try {
      core.cancelDrain(turn.next);
      turn.done();
    } finally {
      end();
    }
  }

  void suspend(Request quiesced) {
    Turn turn = begin();
    try {
      core.suspend(quiesced, turn.next);
      turn.done();
    } finally {
      end();
    }
  }

  void resume() {
    Turn turn = begin();
    try {
      core.resume(turn.next);
      turn.done();
    } finally {
      end();
    }
  }

  void tune(Tunable tunable, int value) {
    Turn turn = begin();
    try {
      core.tune(tunable, value, turn.next);
      turn.done();
    } finally {
      end();
    }
  }

  void stop(Request stopped) {
    Turn turn = begin();
    try {
      core.stop(stopped, turn.next);
      turn.done();
    } finally {
      end();
    }
  }

  /**
   * True where no device holds memory of the core and no thread is at work on it; that stays so if
   * no request and no tick comes.
   */
  boolean isIdle() {
    return active.get() == 0;
  }

  private void answered(Request request) {
    DeviceOperation operation = (DeviceOperation) Objects.requireNonNull(request.attachment);
    if (operation.target == DeviceOperation.Target.BACKING) {
      load.answered(isForClient(request), time.nowNs());
    }
    Turn inside = turns.get();
    if (inside.busy) {
      inside.answeredInside.add(operation);
      return;
    }
    Turn turn = begin();
    try {
      active.decrementAndGet(); // the turn counts instead
      core.ioDone(operation, request.error, turn.next);
      turn.carryOut();
    } finally {
      end();
    }
  }
}
