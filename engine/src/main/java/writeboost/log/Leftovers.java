package writeboost.log;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import writeboost.device.Blocking;
import writeboost.index.LineTable;
import writeboost.layout.Crc32c;
import writeboost.layout.Geometry;
import writeboost.layout.SegmentHeader;

/**
 * Sectors of a line in the kernel module's log that a newer, partial line of the same block does
 * not have. The module wrote the older line back before it took the newer one, but its own resume
 * writes those sectors to the backing device once more, and so does this: what a block holds is
 * then what the log says, whatever came after on the backing device. One thread.
 */
final class Leftovers {

  private final Geometry geometry;
  private final SegmentRing ring;
  private final LineTable table;

  private int count;
  private int[] lines = new int[16];
  private byte[] masks = new byte[16];

  Leftovers(SegmentRing ring, LineTable table) {
    this.geometry = ring.geometry;
    this.ring = ring;
    this.table = table;
  }

  /** A newer line of the same block has these sectors. Told in the order of the log. */
  void superseded(int line, int newerSectors) {
    int left = table.sectors(line) & ~newerSectors;
    if (left == 0) {
      return;
    }
    if (count == lines.length) {
      lines = Arrays.copyOf(lines, count * 2);
      masks = Arrays.copyOf(masks, count * 2);
    }
    lines[count] = line;
    masks[count++] = (byte) left;
  }

  /** Puts them on the backing device for good, oldest first. The ring is restored. */
  void writeTo(Blocking backing, Blocking cache, long uuidHigh, long uuidLow) throws IOException {
    if (count == 0) {
      return;
    }
    // Shared: a device may carry a request out on a thread of its own.
    try (Arena arena = Arena.ofShared()) {
      MemorySegment line = arena.allocate(Geometry.BLOCK, Geometry.BLOCK);
      MemorySegment block = arena.allocate(Geometry.BLOCK, Geometry.BLOCK);
      for (int i = 0; i < count; i++) {
        read(lines[i], cache, line, uuidHigh, uuidLow);
        overlay(table.block(lines[i]), masks[i] & 0xFF, line, block, backing);
      }
    }
    backing.flush();
  }

  private void read(int number, Blocking cache, MemorySegment line, long uuidHigh, long uuidLow)
      throws IOException {
    long id = ring.idOfLine(Integer.toUnsignedLong(number));
    int i = ring.indexOfLine(Integer.toUnsignedLong(number));
    cache.read(geometry.lineOffset(geometry.slot(id), i), line);
    int crc =
        SegmentHeader.lineCrc(
            uuidHigh,
            uuidLow,
            KernelSegment.INCARNATION,
            id,
            i,
            table.block(number) * Geometry.SECTORS_PER_BLOCK,
            table.sectors(number),
            false,
            false,
            0,
            Crc32c.of(line, 0, Geometry.BLOCK));
    if (crc != table.crc(number)) {
      throw new IOException(
          cache.name() + ": line " + i + " of segment " + id + " reads differently each time");
    }
  }

  /** Whole blocks, as the backing device may want them; its last one may be shorter. */
  private static void overlay(
      long block, int sectors, MemorySegment line, MemorySegment whole, Blocking backing)
      throws IOException {
    long offset = block * Geometry.BLOCK;
    long length = Math.min(Geometry.BLOCK, backing.device().size() - offset);
    backing.read(offset, whole, 0, length);
    for (int sector = 0; sector < length / Geometry.SECTOR; sector++) {
      if ((sectors & 1 << sector) != 0) {
        long at = (long) sector * Geometry.SECTOR;
        MemorySegment.copy(line, at, whole, at, Geometry.SECTOR);
      }
    }
    backing.write(offset, whole, 0, length);
  }
}
