package writeboost.device;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Carries out, through an {@link IoUring}, what of a device's requests it can. The rest goes to the
 * device's threads. Any thread.
 *
 * <p>One thread of its own hands requests to the kernel, waits for results and completes requests,
 * all with one system call per turn; what a completion submits goes along with the next one. It is
 * the only one that talks to the kernel because the kernel ties an operation to the thread that
 * submits it: it would interrupt that thread for the result, and give a flush up when the thread,
 * that of a connection for one, ends.
 *
 * <p>What the kernel does not do in one go (a short transfer, one given up) is done again by the
 * device's threads, from its start.
 */
final class RequestRing {
  private static final int ENTRIES = 256;

  /** One entry is the ring's own. More requests wait here. */
  private static final int IN_FLIGHT_MAX = ENTRIES - 1;

  private static final long PAUSE_NS = 1_000_000;

  private static final System.Logger LOG = System.getLogger(RequestRing.class.getName());

  private final DeviceFile file;
  private final RingRequests requests;
  private final TaskQueue threads;
  private final IoUring ring;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private final PendingTasks pending = new PendingTasks();

  /** Our thread is in the kernel, or about to be, and has to be told of what is pending. */
  private boolean asleep;

  private boolean closed;
  private boolean hasEnded;

  /** Who is about to wake our thread: the ring must live so long. */
  private final AtomicInteger wakers = new AtomicInteger();

  /** What the kernel has, each at its tag; our thread's. */
  private final @Nullable Request[] inFlight = new @Nullable Request[IN_FLIGHT_MAX];

  /** Tags that are free: the first {@link #freeCount}. */
  private final int[] free = new int[IN_FLIGHT_MAX];

  private int freeCount = IN_FLIGHT_MAX;

  /**
   * @param threads for what the ring cannot do; closed after this
   * @throws IOException if io_uring cannot be had; says why
   */
  RequestRing(DeviceFile file, RingRequests requests, TaskQueue threads) throws IOException {
    this.file = file;
    this.requests = requests;
    this.threads = threads;
    ring = IoUring.open(ENTRIES);
    for (int i = 0; i < free.length; i++) {
      free[i] = i;
    }
    Thread.ofPlatform().daemon().name("ring-" + file.path().getFileName()).start(this::run);
  }

  /** False if it is closed: then none was added. */
  boolean add(Request[] batch, int count) {
    boolean wake;
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      boolean added = false;
      for (int i = 0; i < count; i++) {
        if (requests.take(batch[i])) {
          pending.add(batch[i]);
          added = true;
        } else {
          threads.add(batch[i]);
        }
      }
      wake = added && willWake();
    } finally {
      lock.unlock();
    }
    if (wake) {
      wake();
    }
    return true;
  }

  /** Takes {@code request} out if it still waits; true if it did. */
  boolean remove(Request request) {
    lock.lock();
    try {
      if (!pending.remove(request)) {
        return false;
      }
    } finally {
      lock.unlock();
    }
    requests.release(request);
    return true;
  }

  /** Takes no more; returns when the kernel has answered all. Not from a completion. */
  void close() {
    boolean wake;
    lock.lock();
    try {
      closed = true;
      wake = willWake();
    } finally {
      lock.unlock();
    }
    if (wake) {
      wake();
    }
    lock.lock();
    try {
      while (!hasEnded) {
        ended.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Under the lock. Who gets true calls {@link #wake} after it. */
  private boolean willWake() {
    boolean was = asleep;
    if (was) {
      asleep = false;
      wakers.incrementAndGet();
    }
    return was;
  }

  private void wake() {
    ring.wake();
    wakers.decrementAndGet();
  }

  private void run() {
    ring.enable();
    while (handOver()) {
      int error = ring.enter(1);
      if (error != 0) { // no memory for it; what is under way may free some
        LOG.log(Level.WARNING, "{0}: io_uring: {1}", file.path(), Errno.name(-error));
        LockSupport.parkNanos(PAUSE_NS);
      }
      while (ring.next()) {
        int tag = (int) ring.tag();
        int result = ring.result();
        ring.done();
        answer(tag, result);
      }
    }
    while (wakers.get() > 0) {
      Thread.onSpinWait();
    }
    ring.close();
    lock.lock();
    try {
      hasEnded = true;
      ended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Puts what waits into the ring, as far as there is room; false when all is over. */
  private boolean handOver() {
    lock.lock();
    try {
      while (freeCount > 0 && pending.poll() instanceof Request request) {
        int tag = free[--freeCount];
        inFlight[tag] = request;
        requests.put(request, ring, tag);
      }
      boolean over = closed && freeCount == IN_FLIGHT_MAX;
      // Without room nobody needs to wake us: an answer will.
      asleep = !over && freeCount > 0;
      return !over;
    } finally {
      lock.unlock();
    }
  }

  private void answer(int tag, int result) {
    Request request = inFlight[tag];
    inFlight[tag] = null;
    free[freeCount++] = tag;
    if (request == null) {
      throw new IllegalStateException("the kernel answered twice: " + tag);
    }
    requests.release(request);
    try {
      int outcome = requests.outcome(request, result);
      if (outcome == RingRequests.AGAIN) {
        threads.add(request);
      } else {
        request.complete(outcome);
      }
    } catch (RuntimeException | Error e) {
      LOG.log(Level.ERROR, file.path() + ": the completion of " + request + " failed", e);
    }
  }
}
