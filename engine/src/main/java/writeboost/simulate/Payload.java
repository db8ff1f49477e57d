package writeboost.simulate;

import static writeboost.layout.Geometry.SECTOR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What clients write: every sector says which piece of which request it came from, so that whoever
 * reads it knows. Stateless.
 *
 * <pre>
 *   +0        +8                        +496      +504
 *   | version | number of the sector | ... | sector | version |
 * </pre>
 */
final class Payload {

  /** A sector of zeroes: never written, or written with zeroes. */
  static final long ZEROES = 0;

  /** Anything that no client wrote there. */
  static final long FOREIGN = -1;

  /** What could not be read. */
  static final long UNREADABLE = -2;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final int LAST = SECTOR - 2 * Long.BYTES;

  private Payload() {}

  /** Fills sectors of {@code memory}; {@code sector} is where the first one goes on the volume. */
  static void write(MemorySegment memory, long offset, long sector, int count, long version) {
    for (int i = 0; i < count; i++) {
      long at = offset + (long) i * SECTOR;
      put(memory, at, version, sector + i);
      put(memory, at + LAST, sector + i, version);
    }
  }

  /** What the sector at {@code offset} is, if it belongs where it was read from. */
  static long read(MemorySegment memory, long offset, long sector) {
    long version = memory.get(LONG, offset);
    if (version == ZEROES) {
      return isZero(memory, offset) ? ZEROES : FOREIGN;
    }
    boolean whole =
        memory.get(LONG, offset + Long.BYTES) == sector
            && memory.get(LONG, offset + LAST) == sector
            && memory.get(LONG, offset + LAST + Long.BYTES) == version;
    return whole ? version : FOREIGN;
  }

  /** Makes sectors foreign, so that whoever uses them when they should not gets noticed. */
  static void poison(MemorySegment memory, long offset, long bytes) {
    memory.asSlice(offset, bytes).fill((byte) 0xBD);
  }

  private static boolean isZero(MemorySegment memory, long offset) {
    for (int at = 0; at < SECTOR; at += Long.BYTES) {
      if (memory.get(LONG, offset + at) != 0) {
        return false;
      }
    }
    return true;
  }

  private static void put(MemorySegment memory, long at, long first, long second) {
    memory.set(LONG, at, first);
    memory.set(LONG, at + Long.BYTES, second);
  }
}
