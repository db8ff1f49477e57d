package writeboost.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import writeboost.device.Blocking;
import writeboost.layout.Geometry;

/**
 * Reads the first blocks of slots for who goes through the log in order: several at once, since one
 * after the other is what a resume would mostly wait for. Keeps them as long as there is room, for
 * who goes through it once more. One thread.
 *
 * <p>Whoever writes to a slot calls {@link #forget}.
 */
final class HeaderReader {

  /** More at once make no device faster. */
  private static final int MOST = 64;

  private final Blocking cache;
  private final Geometry geometry;
  private final MemorySegment ahead;
  private final int capacity;

  /** The slots whose blocks {@link #ahead} holds: so many from the first on. */
  private int first;

  private int count;

  /**
   * @param ahead one block at least, aligned to 4096
   */
  HeaderReader(Blocking cache, Geometry geometry, MemorySegment ahead) {
    this.cache = cache;
    this.geometry = geometry;
    this.ahead = ahead;
    this.capacity = (int) Math.min(geometry.segmentCount(), ahead.byteSize() / Geometry.BLOCK);
  }

  /** Reads the first block of a slot to the start of {@code block}. */
  void read(int slot, MemorySegment block) throws IOException {
    if (!holds(slot)) {
      readAhead(slot);
    }
    if (holds(slot)) {
      MemorySegment.copy(ahead, (long) (slot - first) * Geometry.BLOCK, block, 0, Geometry.BLOCK);
    } else {
      cache.read(geometry.slotOffset(slot), block, 0, Geometry.BLOCK);
    }
  }

  /** What was read may no longer be what is there. */
  void forget() {
    count = 0;
  }

  private boolean holds(int slot) {
    return slot >= first && slot < first + count;
  }

  /** A block that cannot be read is no obstacle before somebody asks for it. */
  private void readAhead(int slot) {
    boolean goesOn = slot == first + count && count < capacity;
    if (!goesOn) {
      first = slot;
      count = 0;
    }
    int wanted = Math.min(MOST, Math.min(capacity - count, geometry.segmentCount() - slot));
    MemorySegment room = ahead.asSlice((long) count * Geometry.BLOCK);
    boolean read =
        cache.readEach(
            geometry.slotOffset(slot), geometry.segmentBytes(), wanted, Geometry.BLOCK, room);
    count += read ? wanted : 0;
  }
}
