package writeboost.layout;

import java.lang.foreign.MemorySegment;

/** Questions about raw bytes that more than one codec asks. Stateless: any thread. */
final class Bytes {
  private static final MemorySegment ZEROES =
      MemorySegment.ofArray(new byte[Geometry.BLOCK]).asReadOnly();

  private Bytes() {}

  /** Whether every byte in {@code [from, to)} is zero. */
  static boolean areZero(MemorySegment memory, long from, long to) {
    for (long at = from; at < to; at += Geometry.BLOCK) {
      long length = Math.min(Geometry.BLOCK, to - at);
      if (MemorySegment.mismatch(memory, at, at + length, ZEROES, 0, length) >= 0) {
        return false;
      }
    }
    return true;
  }
}
