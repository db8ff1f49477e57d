package writeboost.nbd;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Request;

/**
 * Requests that a thread of their own submits, in their order, while the connection's thread
 * receives the next payload: for long payloads, which take the device as long to copy and to sum as
 * they take to be received. The thread begins with the first of them. It leaves the answers to the
 * connection's writer: who waits for a client must not keep what has entered the order of changes.
 *
 * <p>All but the thread's own part belongs to the connection's thread.
 */
final class Backlog {

  private final String name;
  private final BlockDevice device;
  private final ChangeOrder.Member order;
  private final FailureListener failures;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition(); // for the thread
  private final Condition progress = lock.newCondition(); // for the connection's thread

  // Guarded by the lock. Request n is in slot n % MAX_COMMANDS, which cannot overflow.
  private final Request[] queue = new Request[Outbound.MAX_COMMANDS];
  private long head; // before it everything is submitted
  private long tail;
  private boolean ending;
  private boolean ended;

  /** Before it, requests have left the order of changes. The thread's while it lives. */
  private long exited;

  /** Of the thread. */
  private final Request[] batch = new Request[Outbound.MAX_COMMANDS];

  private @Nullable Thread thread;

  /** Told of a device that has thrown something. */
  @FunctionalInterface
  interface FailureListener {
    void failed(Throwable e);
  }

  /**
   * @param name of the thread
   */
  Backlog(String name, BlockDevice device, ChangeOrder.Member order, FailureListener failures) {
    this.name = name;
    this.order = order;
    this.device = device;
    this.failures = failures;
  }

  /** Whether all requests are submitted. */
  boolean isEmpty() {
    if (thread == null) {
      return true;
    }
    lock.lock();
    try {
      return head == tail;
    } finally {
      lock.unlock();
    }
  }

  /** To be called before anything is added, and before anything counts on that. */
  void start() {
    if (thread == null) {
      thread = Thread.ofPlatform().daemon().name(name).start(this::submitUntilEnd);
    }
  }

  /** Of requests that have entered the order of changes, and leave it when they are submitted. */
  void add(Request[] requests, int count) {
    lock.lock();
    try {
      for (int i = 0; i < count; i++) {
        queue[slot(tail++)] = requests[i];
      }
      if (ended) { // the device has thrown something
        giveUp();
      }
      work.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until everything is submitted. */
  void awaitEmpty() {
    lock.lock();
    try {
      while (head < tail && !ended) {
        progress.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Submits what is left, and ends the thread. */
  void end() {
    if (thread == null) {
      return;
    }
    lock.lock();
    try {
      ending = true;
      work.signal();
      while (!ended) {
        progress.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private void submitUntilEnd() {
    try {
      int count = next(0);
      while (count > 0) {
        submit(count);
        count = next(count);
      }
    } catch (RuntimeException | Error e) {
      failures.failed(e);
    } finally {
      lock.lock();
      ended = true;
      giveUp();
      progress.signalAll();
      lock.unlock();
    }
  }

  private void submit(int count) {
    int changes = 0;
    for (int i = 0; i < count; i++) { // now: what is submitted may be another request soon
      changes += batch[i].operation.changes() ? 1 : 0;
    }
    exited += count;
    try {
      device.submit(batch, count);
    } finally {
      order.exit(changes);
    }
  }

  /** What is queued will not be submitted. Under the lock, when nobody submits any more. */
  private void giveUp() {
    while (exited < tail) {
      Request request = queue[slot(exited++)];
      order.exit(request.operation.changes() ? 1 : 0);
      request.complete(Errno.EIO);
    }
  }

  /** After {@code submitted} requests of the batch: waits for others; 0 at the end. */
  private int next(int submitted) {
    lock.lock();
    try {
      head += submitted;
      if (head == tail) {
        progress.signalAll();
      }
      while (head == tail && !ending) {
        work.awaitUninterruptibly();
      }
      int count = (int) (tail - head);
      for (int i = 0; i < count; i++) {
        batch[i] = queue[slot(head + i)];
      }
      return count;
    } finally {
      lock.unlock();
    }
  }

  private static int slot(long request) {
    return (int) request & (Outbound.MAX_COMMANDS - 1);
  }
}
