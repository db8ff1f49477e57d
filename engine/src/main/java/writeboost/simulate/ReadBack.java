package writeboost.simulate;

import static writeboost.layout.Geometry.SECTOR;

import java.lang.foreign.MemorySegment;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;

/** Reads a whole volume through its core, in pieces of a size drawn anew each time. One thread. */
final class ReadBack {

  private static final int SECTORS_MAX = 24;

  private final Chance chance;
  private final MemorySegment memory;
  private final int sectors;
  private int left;

  /**
   * @param memory as large as the volume
   */
  ReadBack(Chance chance, MemorySegment memory) {
    this.chance = chance;
    this.memory = memory;
    sectors = (int) (memory.byteSize() / SECTOR);
  }

  void begin(CoreDriver driver) {
    Payload.poison(memory, 0, memory.byteSize());
    left = sectors;
    int stride = chance.between(1, SECTORS_MAX);
    for (int sector = 0; sector < sectors; sector += stride) {
      Request request = new Request(this::answered);
      long offset = (long) sector * SECTOR;
      long length = (long) Math.min(stride, sectors - sector) * SECTOR;
      request.set(Operation.READ, 0, offset, length, memory, offset);
      driver.accept(new Request[] {request}, 1);
    }
  }

  private void answered(Request request) {
    if (request.error != Errno.OK) {
      throw new Violation(
          "after a resume: %s was answered %s".formatted(request, Errno.name(request.error)));
    }
    left -= (int) (request.length / SECTOR);
  }

  boolean isDone() {
    return left == 0;
  }

  /** What each sector holds. */
  long[] found() {
    return contents(memory);
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
