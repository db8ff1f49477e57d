package writeboost.fuzz;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import writeboost.layout.Geometry;

/** Memory that one run after the other works in; whoever wants more than that is caught. */
final class Memory {

  private static final long BYTES = 64L << 20;
  private static final long LARGE_BYTES = 1L << 20;

  private final MemorySegment all = Arena.ofAuto().allocate(BYTES, Geometry.BLOCK);
  private long used;

  void reset() {
    used = 0;
  }

  /** Zeroed where it is small: leftovers in the core's buffers must not matter. */
  MemorySegment take(long bytes) {
    if (bytes < 0 || bytes > BYTES - used) {
      throw new AssertionError("it wants %d bytes of memory, beside %d".formatted(bytes, used));
    }
    MemorySegment given = all.asSlice(used, bytes);
    used += bytes + Geometry.BLOCK - 1 & -Geometry.BLOCK;
    return bytes < LARGE_BYTES ? given.fill((byte) 0) : given;
  }
}
