package writeboost.simulate;

import static writeboost.layout.Geometry.SECTOR;

import java.lang.foreign.MemorySegment;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Geometry;

/** Reads a whole volume through its core, in pieces of a size drawn anew each time. One thread. */
final class ReadBack {

  private static final int SECTORS_MAX = 24;

  private final Chance chance;
  private final MemorySegment memory;
  private final int sectors;
  private int left;

  /** The blocks that may be answered with an error. */
  private Set<Long> damagedBlocks = Set.of();

  private @Nullable CoreDriver driver;
  private boolean[] unreadable;

  /**
   * @param memory as large as the volume
   */
  ReadBack(Chance chance, MemorySegment memory) {
    this.chance = chance;
    this.memory = memory;
    sectors = (int) (memory.byteSize() / SECTOR);
    unreadable = new boolean[sectors];
  }

  void begin(CoreDriver driver) {
    begin(driver, Set.of());
  }

  /** As {@link #begin}; the sectors of these blocks may be damaged. */
  void begin(CoreDriver newDriver, Set<Long> newDamagedBlocks) {
    driver = newDriver;
    damagedBlocks = Set.copyOf(newDamagedBlocks);
    unreadable = new boolean[sectors];
    Payload.poison(memory, 0, memory.byteSize());
    left = sectors;
    int stride = chance.between(1, SECTORS_MAX);
    for (int sector = 0; sector < sectors; sector += stride) {
      send(newDriver, sector, Math.min(stride, sectors - sector));
    }
  }

  private void send(CoreDriver to, int sector, int count) {
    Request request = new Request(this::answered);
    long offset = (long) sector * SECTOR;
    request.set(Operation.READ, 0, offset, (long) count * SECTOR, memory, offset);
    to.accept(new Request[] {request}, 1);
  }

  private void answered(Request request) {
    int first = (int) (request.offset / SECTOR);
    int count = (int) (request.length / SECTOR);
    if (request.error == Errno.EIO && touches(damagedBlocks, request) && driver != null) {
      if (count == 1) {
        unreadable[first] = true;
        left--;
      } else {
        for (int i = 0; i < count; i++) {
          send(driver, first + i, 1);
        }
      }
      return;
    }
    if (request.error != Errno.OK) {
      throw new Violation(
          "after a resume: %s was answered %s".formatted(request, Errno.name(request.error)));
    }
    left -= count;
  }

  /** Whether a request goes to one of these blocks. */
  static boolean touches(Set<Long> blocks, Request request) {
    return blocks.stream()
        .map(block -> block * Geometry.BLOCK)
        .anyMatch(
            at -> request.offset < at + Geometry.BLOCK && request.offset + request.length > at);
  }

  /** Whether something could not be read. */
  boolean hasUnreadable() {
    for (boolean bad : unreadable) {
      if (bad) {
        return true;
      }
    }
    return false;
  }

  boolean isDone() {
    return left == 0;
  }

  /** What each sector holds. */
  long[] found() {
    long[] found = contents(memory);
    for (int sector = 0; sector < sectors; sector++) {
      found[sector] = unreadable[sector] ? Payload.UNREADABLE : found[sector];
    }
    return found;
  }

  /** What each sector of an image of the volume holds. */
  static long[] contents(MemorySegment image) {
    long[] found = new long[(int) (image.byteSize() / SECTOR)];
    for (int sector = 0; sector < found.length; sector++) {
      found[sector] = Payload.read(image, (long) sector * SECTOR, sector);
    }
    return found;
  }
}
