package writeboost.simulate;

import static writeboost.layout.Geometry.BLOCK;
import static writeboost.layout.Geometry.SECTOR;
import static writeboost.layout.Geometry.SECTORS_PER_BLOCK;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import writeboost.device.Blocking;
import writeboost.layout.Geometry;

/**
 * A cache as the kernel module leaves it behind, and the backing device under it. Written down from
 * the format's description, without the engine's codecs. One thread.
 *
 * <p>Segments up to the record are on the backing device; the newest one may be torn.
 */
final class KernelImage {

  private static final int MAGIC = 0x57427374;

  private final Chance chance;
  private final Geometry geometry;
  private final PrefixChecker checker;
  private final int blocks;

  /** What each sector of the volume holds. */
  private final long[] contents;

  KernelImage(Chance chance, Geometry geometry, PrefixChecker checker, int sectors) {
    this.chance = chance;
    this.geometry = geometry;
    this.checker = checker;
    this.blocks = sectors / SECTORS_PER_BLOCK;
    this.contents = new long[sectors];
  }

  /** Writes both devices, and makes it durable; returns what the volume holds, sector by sector. */
  long[] write(Blocking cache, Blocking backing) throws IOException {
    int slots = geometry.segmentCount();
    int newest = chance.between(0, 2 * slots);
    int record = chance.between(Math.max(0, newest - slots), newest);
    byte[] superblock = new byte[BLOCK];
    buffer(superblock).putInt(0, MAGIC);
    put(cache, 0, superblock);
    byte[] recordBlock = new byte[BLOCK];
    buffer(recordBlock).putLong(Geometry.RECORD_OFFSET % BLOCK, chance.oneIn(4) ? 0 : record);
    put(cache, Geometry.RECORD_BLOCK_OFFSET, recordBlock);
    for (int id = 1; id <= newest; id++) {
      byte[] segment = segment(id);
      put(cache, geometry.slotOffset(geometry.slot(id)), segment);
      if (id <= Math.max(record, newest - slots)) {
        put(backing, 0, image());
      }
    }
    if (chance.oneIn(3)) {
      long[] kept = contents.clone();
      byte[] torn = segment(newest + 1);
      // In a line: an empty header that overwrites half of a torn one may make that whole, which is
      // a good end too, but another one. And only where it takes nothing away that is still needed.
      if (torn.length > BLOCK && newest + 1 - slots <= record) {
        torn[BLOCK + chance.below(torn.length - BLOCK)] ^= 1;
        put(cache, geometry.slotOffset(geometry.slot(newest + 1)), torn);
      }
      System.arraycopy(kept, 0, contents, 0, kept.length);
    }
    cache.flush();
    backing.flush();
    return contents.clone();
  }

  /** As many bytes as the module writes of it; what its lines hold is added to the contents. */
  private byte[] segment(long id) {
    int length = chance.between(0, geometry.linesPerSegment());
    byte[] segment = new byte[BLOCK * (1 + length)];
    ByteBuffer bytes = buffer(segment);
    MemorySegment memory = MemorySegment.ofArray(segment);
    for (int i = 0; i < length; i++) {
      int block = chance.below(blocks);
      int mask = chance.oneIn(3) ? 1 + chance.below(255) : 255;
      bytes.putLong(SECTOR + 16 * i, (long) block * SECTORS_PER_BLOCK);
      bytes.put(SECTOR + 16 * i + 8, (byte) mask);
      for (int k = 0; k < SECTORS_PER_BLOCK; k++) {
        if ((mask & 1 << k) != 0) {
          int sector = block * SECTORS_PER_BLOCK + k;
          contents[sector] = checker.newVersion();
          long at = (long) BLOCK * (1 + i) + (long) k * SECTOR;
          Payload.write(memory, at, sector, 1, contents[sector]);
        }
      }
    }
    CRC32C crc = new CRC32C();
    crc.update(segment, SECTOR, segment.length - SECTOR);
    bytes.putLong(0, id).putInt(8, (int) crc.getValue()).put(12, (byte) length);
    return segment;
  }

  private byte[] image() {
    byte[] image = new byte[contents.length * SECTOR];
    MemorySegment memory = MemorySegment.ofArray(image);
    for (int sector = 0; sector < contents.length; sector++) {
      if (contents[sector] != Payload.ZEROES) {
        Payload.write(memory, (long) sector * SECTOR, sector, 1, contents[sector]);
      }
    }
    return image;
  }

  private static ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void put(Blocking disk, long offset, byte[] bytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(bytes.length, BLOCK);
      memory.copyFrom(MemorySegment.ofArray(bytes));
      disk.write(offset, memory);
    }
  }
}
