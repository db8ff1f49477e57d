package writeboost.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import writeboost.device.Blocking;
import writeboost.layout.Geometry;
import writeboost.layout.RecordSector;
import writeboost.layout.SegmentHeader;
import writeboost.layout.Superblock;

/**
 * Makes a cache that the kernel module wrote ours, without touching a segment that counts (DESIGN
 * section 7). One thread; waits for its I/O.
 *
 * <p>Until the last step it is the module's cache, with the same content after each: a crash means
 * that it is adopted once more.
 *
 * <pre>
 *   1  empty segments last + 2 .. newest; strays cleared, flush    last + 1 is still bad: all that is behind it is dropped
 *   2  an empty segment last + 1, flush                            now nothing that was dropped follows on anything
 *   3  the record, flush                                           what counts begins behind it
 *   4  superblock with our extension, flush
 * </pre>
 */
public final class Adoption {

  private final Blocking cache;
  private final Superblock superblock;
  private final Geometry geometry;
  private final MemorySegment block;

  /**
   * @param fresh of the cache to be: with its UUID and first incarnation
   * @param block 4096 bytes, aligned to 4096
   */
  public Adoption(Blocking cache, Superblock fresh, MemorySegment block) {
    this.cache = cache;
    this.superblock = fresh;
    this.geometry = fresh.geometry();
    this.block = block;
  }

  /** Carries out what {@code found} asks for; the superblock that is on the device then. */
  public Superblock run(KernelScan.Found found) throws IOException {
    if (found.newest() > found.last() + 1 || !found.strays().isEmpty()) {
      for (long id = found.newest(); id > found.last() + 1; id--) {
        writeEmpty(id, found.last() + 1);
      }
      clear(found);
      cache.flush();
    }
    if (found.newest() > found.last()) {
      writeEmpty(found.last() + 1, found.last() + 1);
      cache.flush();
    }
    RecordSector.encode(block, found.base());
    cache.write(Geometry.RECORD_BLOCK_OFFSET, block, 0, Geometry.BLOCK);
    cache.flush();

    // A resume drops a segment of ours in the last free slot, so nothing may ask for it.
    long reserve = found.base() + geometry.segmentCount();
    long durable = Math.min(found.newest() + 1, Math.max(found.last() + 1, reserve));
    Superblock adopted = superblock.withAdoption(found.last()).withClean(durable, 0);
    Recovery.writeSuperblock(cache, adopted, block);
    cache.flush();
    return adopted;
  }

  private void writeEmpty(long id, long durableId) throws IOException {
    SegmentHeader.encodeEmpty(
        block,
        0,
        id,
        superblock.uuidHigh(),
        superblock.uuidLow(),
        superblock.incarnation(),
        durableId,
        0);
    cache.write(geometry.slotOffset(geometry.slot(id)), block, 0, Geometry.BLOCK);
  }

  private void clear(KernelScan.Found found) throws IOException {
    SegmentHeader.clear(block, 0);
    for (int slot : found.strays()) {
      if (!holdsEmpty(slot, found)) {
        cache.write(geometry.slotOffset(slot), block, 0, Geometry.BLOCK);
      }
    }
  }

  /** An empty segment has been, or will be, written over the stray. */
  private boolean holdsEmpty(int slot, KernelScan.Found found) {
    for (long id = found.last() + 1; id <= found.newest(); id++) {
      if (geometry.slot(id) == slot) {
        return true;
      }
    }
    return false;
  }
}
