package writeboost.device;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a thread of a device, first in first out. Any thread. Allocates only when more
 * wait than ever before.
 */
final class TaskQueue {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();
  private final Condition left = lock.newCondition();
  private final PendingTasks pending = new PendingTasks();
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
      for (int i = 0; i < count; i++) {
        pending.add(batch[i]);
      }
      for (int i = Math.min(count, waiting); i > 0; i--) {
        added.signal();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #add(DeviceTask[], int)}, of one. */
  boolean add(DeviceTask task) {
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      pending.add(task);
      if (waiting > 0) {
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
        DeviceTask task = pending.poll();
        if (task != null) {
          return task;
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
      return pending.remove(request);
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
}
