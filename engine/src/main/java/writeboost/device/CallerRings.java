package writeboost.device;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Carries out a few requests at once on the thread that waits for them, in one system call: no
 * other thread is woken up. Any thread; each call has an {@link IoUring} to itself, which is kept
 * for a later one.
 */
final class CallerRings {
  private static final int ENTRIES = 8;
  private static final long PAUSE_NS = 1_000_000;

  private static final System.Logger LOG = System.getLogger(CallerRings.class.getName());

  private final RingRequests requests;
  private final Consumer<Request> otherwise;
  private final ArrayDeque<Caller> free = new ArrayDeque<>();

  /** What one call needs. */
  private record Caller(IoUring ring, int[] results) {
    static Caller open() throws IOException {
      return new Caller(IoUring.openForAnyThread(ENTRIES), new int[ENTRIES]);
    }
  }

  /**
   * @param otherwise completes, in some other way, a request that the kernel has not brought to an
   *     end
   * @throws IOException if io_uring cannot be had; says why
   */
  CallerRings(RingRequests requests, Consumer<Request> otherwise) throws IOException {
    this.requests = requests;
    this.otherwise = otherwise;
    free.add(Caller.open());
  }

  /** Completes the requests before it returns; false if it cannot, and nothing has begun. */
  boolean execute(Request[] batch, int count) {
    if (count > ENTRIES || !take(batch, count)) {
      return false;
    }
    Caller caller = borrow();
    if (caller == null) {
      release(batch, count);
      return false;
    }
    for (int i = 0; i < count; i++) {
      requests.put(batch[i], caller.ring, i);
    }
    await(caller, count);
    release(batch, count);
    int[] results = caller.results;
    for (int i = 0; i < count; i++) {
      results[i] = requests.outcome(batch[i], results[i]);
    }
    for (int i = 0; i < count; i++) {
      if (results[i] == RingRequests.AGAIN) {
        otherwise.accept(batch[i]);
      } else {
        batch[i].complete(results[i]);
      }
    }
    giveBack(caller); // not before: a completion may come back here
    return true;
  }

  private boolean take(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      if (!requests.take(batch[i])) {
        release(batch, i);
        return false;
      }
    }
    return true;
  }

  private void release(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      requests.release(batch[i]);
    }
  }

  private static void await(Caller caller, int count) {
    IoUring ring = caller.ring;
    int left = count;
    while (left > 0) {
      int error = ring.enter(left);
      if (error != 0) { // no memory for it; others may free some
        LOG.log(Level.WARNING, "io_uring: {0}", Errno.name(-error));
        LockSupport.parkNanos(PAUSE_NS);
      }
      while (ring.next()) {
        caller.results[(int) ring.tag()] = ring.result();
        ring.done();
        left--;
      }
    }
  }

  private synchronized @Nullable Caller borrow() {
    if (!free.isEmpty()) {
      return free.removeLast();
    }
    try {
      return Caller.open();
    } catch (IOException e) { // no more memory, or descriptors, for one
      return null;
    }
  }

  private synchronized void giveBack(Caller caller) {
    free.add(caller);
  }

  /** No call may be under way. */
  synchronized void close() {
    free.forEach(caller -> caller.ring.close());
    free.clear();
  }
}
