package writeboost.device;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Tasks that wait, first in first out. One thread at a time. Allocates only when more wait than
 * ever before.
 */
final class PendingTasks {
  private static final int FIRST_CAPACITY = 64; // a power of two, as every capacity

  /** One that was removed leaves null. */
  private @Nullable DeviceTask[] ring = new @Nullable DeviceTask[FIRST_CAPACITY];

  private long head;
  private long tail;

  void add(DeviceTask task) {
    if (tail - head == ring.length) {
      grow();
    }
    ring[index(tail++)] = task;
  }

  /** The first, which is taken out; null if there is none. */
  @Nullable DeviceTask poll() {
    while (head < tail) {
      int i = index(head++);
      DeviceTask task = ring[i];
      ring[i] = null;
      if (task != null) {
        return task;
      }
    }
    return null;
  }

  /** Takes {@code request} out if it still waits; true if it did. */
  boolean remove(Request request) {
    for (long i = head; i < tail; i++) {
      if (ring[index(i)] == request) {
        ring[index(i)] = null;
        return true;
      }
    }
    return false;
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
