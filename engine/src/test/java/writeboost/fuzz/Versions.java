package writeboost.fuzz;

import static writeboost.layout.Geometry.SECTOR;
import static writeboost.layout.Geometry.SECTORS_PER_BLOCK;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * What was written, piece by piece, and so every state that the volume has ever had. Every sector
 * says which write it came from.
 */
final class Versions {

  /** Of a sector that could not be read. */
  static final long LOST = -1;

  /** Of bytes that nobody wrote there. */
  static final long FOREIGN = -2;

  private static final long MIX = 0x9E3779B97F4A7C15L;

  /** After so many pieces: the version of each sector. */
  private final List<long[]> states = new ArrayList<>();

  Versions(int sectors, long version) {
    long[] first = new long[sectors];
    java.util.Arrays.fill(first, version);
    states.add(first);
  }

  int sectors() {
    return states.getFirst().length;
  }

  /** Version 0 is zeroes. */
  void write(int sector, int count, long version) {
    int at = sector;
    while (at < sector + count) {
      int end = Math.min(sector + count, (at / SECTORS_PER_BLOCK + 1) * SECTORS_PER_BLOCK);
      long[] state = states.getLast().clone();
      java.util.Arrays.fill(state, at, end, version);
      states.add(state);
      at = end;
    }
  }

  /** Whether some prefix of the pieces leaves this, as far as it could be read. */
  boolean isPrefix(long[] found) {
    for (int i = states.size() - 1; i >= 0; i--) {
      if (agrees(states.get(i), found)) {
        return true;
      }
    }
    return false;
  }

  /** Whether all pieces are there, as far as they could be read. */
  boolean isLast(long[] found) {
    return agrees(states.getLast(), found);
  }

  /** What this sector was written with last. */
  long last(int sector) {
    return states.getLast()[sector];
  }

  /** Whether this sector ever held that. */
  boolean everHeld(int sector, long version) {
    return states.stream().anyMatch(state -> state[sector] == version);
  }

  private static boolean agrees(long[] state, long[] found) {
    for (int i = 0; i < state.length; i++) {
      if (found[i] != LOST && found[i] != state[i]) {
        return false;
      }
    }
    return true;
  }

  static void fill(MemorySegment memory, long offset, int sector, int count, long version) {
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < SECTOR; j += Long.BYTES) {
        memory.set(
            ValueLayout.JAVA_LONG_UNALIGNED,
            offset + (long) i * SECTOR + j,
            value(sector + i, version, j));
      }
    }
  }

  /** The version of the sector that was read at {@code offset}. */
  static long of(MemorySegment memory, long offset, int sector) {
    long version = memory.get(ValueLayout.JAVA_LONG_UNALIGNED, offset);
    for (int j = 0; j < SECTOR; j += Long.BYTES) {
      if (memory.get(ValueLayout.JAVA_LONG_UNALIGNED, offset + j) != value(sector, version, j)) {
        return FOREIGN;
      }
    }
    return version;
  }

  private static long value(int sector, long version, int j) {
    if (version == 0 || j == 0) {
      return version;
    }
    return (version * 1000 + sector) * MIX + j;
  }
}
