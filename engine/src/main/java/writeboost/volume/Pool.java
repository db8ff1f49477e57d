package writeboost.volume;

import java.util.Arrays;
import java.util.function.Supplier;

/**
 * A free list that allocates only when it is empty, so that the steady state allocates nothing.
 * Under the core's lock.
 */
final class Pool<T> {

  private final Supplier<T> create;
  private Object[] free = new Object[64];
  private int count;

  Pool(Supplier<T> create) {
    this.create = create;
  }

  @SuppressWarnings("unchecked") // only put() stores, and only a T
  T take() {
    return count == 0 ? create.get() : (T) free[--count];
  }

  void put(T element) {
    if (count == free.length) {
      free = Arrays.copyOf(free, count * 2);
    }
    free[count++] = element;
  }
}
