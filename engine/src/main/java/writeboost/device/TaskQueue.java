package writeboost.device;

import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a thread of a device, first in first out. Any thread. Allocates only when more
 * wait than ever before.
 */
final class TaskQueue {
  private static final int FIRST_CAPACITY = 64; // a power of two, as every capacity

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();
  private final Condition left = lock.newCondition();

  /** A cancelled request leaves null. */
  private @Nullable DeviceTask[] ring = new @Nullable DeviceTask[FIRST_CAPACITY];

  private long head;
  private long tail;
  private int waiting;
  private int takers;
  private boolean closed;

  /**
   * @param takers how many threads will call {@link #take}, each until it answers null
   */
  TaskQueue(int takers) {
    this.takers = takers;
  }

  /** False if the queue is closed: then none was added. */
  boolean add(DeviceTask[] batch, int count) {
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      while (tail - head + count > ring.length) {
        grow();
      }
      for (int i = 0; i < count; i++) {
        ring[index(tail++)] = batch[i];
      }
      for (int i = Math.min(count, waiting); i > 0; i--) {
        added.signal();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for a task; null, once per taker, when the queue is closed and empty. */
  @Nullable DeviceTask take() {
    lock.lock();
    try {
      while (true) {
        while (head < tail) {
          int i = index(head++);
          DeviceTask task = ring[i];
          ring[i] = null;
          if (task != null) {
            return task;
          }
        }
        if (closed) {
          takers--;
          left.signalAll();
          return null;
        }
        waiting++;
        added.awaitUninterruptibly();
        waiting--;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes {@code request} out if it still waits; true if it did. */
  boolean remove(Request request) {
    lock.lock();
    try {
      for (long i = head; i < tail; i++) {
        if (ring[index(i)] == request) {
          ring[index(i)] = null;
          return true;
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more; returns when all that wait have been taken and every taker knows. */
  void close() {
    lock.lock();
    try {
      closed = true;
      added.signalAll();
      while (takers > 0) {
        left.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private int index(long position) {
    return (int) position & (ring.length - 1);
  }

  private void grow() {
    @Nullable DeviceTask[] larger = new @Nullable DeviceTask[2 * ring.length];
    for (long i = head; i < tail; i++) {
      larger[(int) i & (larger.length - 1)] = ring[index(i)];
    }
    Arrays.fill(ring, null);
    ring = larger;
  }
}
