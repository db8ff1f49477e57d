package writeboost.simulate;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import writeboost.layout.Geometry;

/**
 * Memory that one run after the other works in. One thread.
 *
 * <p>What was given out before {@link #keep} stays; {@link #reset} takes back the rest.
 */
final class Memory {
  private static final long BYTES = 16L << 20;
  private static final long LARGE_BYTES = 1L << 20;

  private final MemorySegment all = Arena.ofAuto().allocate(BYTES, Geometry.BLOCK);
  private long used;
  private long kept;

  /** Takes back everything. */
  void clear() {
    used = 0;
    kept = 0;
  }

  void keep() {
    kept = used;
  }

  void reset() {
    used = kept;
  }

  MemorySegment unzeroed(long bytes) {
    MemorySegment given = all.asSlice(used, bytes);
    used += bytes + Geometry.BLOCK - 1 & -Geometry.BLOCK;
    return given;
  }

  MemorySegment zeroed(long bytes) {
    return unzeroed(bytes).fill((byte) 0);
  }

  /**
   * Zeroed where it is small. The large piece is what the core works in; there the leftovers of
   * earlier lives stay, which it has to cope with anyhow once its buffers go round.
   */
  MemorySegment forCore(long bytes) {
    return bytes < LARGE_BYTES ? zeroed(bytes) : unzeroed(bytes);
  }
}
