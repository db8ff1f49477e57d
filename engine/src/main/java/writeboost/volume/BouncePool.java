package writeboost.volume;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import writeboost.effect.Effects;
import writeboost.layout.Geometry;

/**
 * A bounded number of 4 KiB buffers for lines that cannot be read straight into the caller's
 * memory. Who finds none waits in order; none is held while waiting for the backing device. Under
 * the core's lock.
 */
final class BouncePool {

  static final int BUFFERS = 256;

  private final MemorySegment memory;
  private final int[] free = new int[BUFFERS];
  private int freeCount;
  private final ArrayDeque<ReadPiece> waiting = new ArrayDeque<>();

  /**
   * @param memory {@link #BUFFERS} blocks, aligned to 4096
   */
  BouncePool(MemorySegment memory) {
    this.memory = memory;
    for (int i = 0; i < BUFFERS; i++) {
      free[freeCount++] = i;
    }
  }

  static long bytes() {
    return (long) BUFFERS * Geometry.BLOCK;
  }

  MemorySegment memory() {
    return memory;
  }

  /**
   * The offset of a buffer in {@link #memory()}, or -1: then {@code piece} is called back when
   * there is one.
   */
  long take(ReadPiece piece) {
    if (freeCount == 0) {
      waiting.add(piece);
      return -1;
    }
    return (long) free[--freeCount] * Geometry.BLOCK;
  }

  void put(long offset, Effects effects) {
    free[freeCount++] = (int) (offset / Geometry.BLOCK);
    ReadPiece next = waiting.poll();
    if (next != null) {
      next.bounceFree(effects);
    }
  }
}
