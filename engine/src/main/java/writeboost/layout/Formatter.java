package writeboost.layout;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import writeboost.device.Blocking;

/**
 * Puts an empty cache on a device, whatever is there: ask {@link FormatDecision} first. One thread
 * per device.
 *
 * <p>A crash leaves the old cache untouched, or the mark of an unfinished format that {@link
 * FormatDecision} lets be formatted again, or the new cache. Hence three steps with a flush behind
 * each: the mark goes over the old superblock; all that a resume would read is cleared; the
 * superblock goes over the mark. Were the second step begun before the first is durable, an old
 * cache could lose segments and still look whole; the same goes for the third and stale segments.
 */
public final class Formatter {

  /** How to make sure that no header of the log holds anything. */
  public enum Clearing {
    /** The log reads as zeroes already: the file is new. */
    NOTHING,
    /**
     * Zeroes over the whole log by the device's own means; in a file that frees its space. Fast at
     * any size.
     */
    WHOLE_LOG,
    /**
     * A write to each header: slow on a large cache, but the space that a file has allocated stays.
     */
    HEADERS;

    /** Segments; clearing the headers of more than this one by one takes too long. */
    private static final int HEADERS_ONE_BY_ONE = 1 << 16;

    /**
     * For a device that held something before. Zeroing header by header keeps a pre-written file as
     * it is, which is worth some seconds: a file with holes is slower to flush.
     */
    public static Clearing of(Geometry geometry) {
      return geometry.segmentCount() <= HEADERS_ONE_BY_ONE ? HEADERS : WHOLE_LOG;
    }
  }

  /** Told now and then how far it is; on the caller's thread. */
  @FunctionalInterface
  public interface Progress {
    /** For who does not want to know. */
    Progress NONE = (doneBytes, totalBytes) -> {};

    void cleared(long doneBytes, long totalBytes);
  }

  private static final long STEP_BYTES = 1L << 30;

  private final Blocking device;

  /** What the last step writes. */
  private final Consumer<MemorySegment> superblock;

  private final Layout layout;
  private final Geometry geometry;
  private final Progress progress;

  private Formatter(
      Blocking device,
      Consumer<MemorySegment> superblock,
      Layout layout,
      Geometry geometry,
      Progress progress) {
    this.device = device;
    this.superblock = superblock;
    this.layout = layout;
    this.geometry = geometry;
    this.progress = progress;
  }

  /**
   * Formats in layout v2; when it returns, the cache is durable. A device that cannot zero gets
   * {@link Clearing#HEADERS} for {@link Clearing#WHOLE_LOG}.
   */
  public static void format(
      Blocking device, Superblock superblock, Clearing clearing, Progress progress)
      throws IOException {
    Formatter formatter =
        new Formatter(
            device, superblock::encode, ChecksumLayout.INSTANCE, superblock.geometry(), progress);
    if (device.device().size() < superblock.cacheSizeBytes()) {
      throw new IllegalArgumentException(
          device.name()
              + " has "
              + device.device().size()
              + " bytes, fewer than the "
              + superblock.cacheSizeBytes()
              + " to format");
    }
    formatter.run(clearing);
  }

  /** As the other one, in layout v1, over all of the device. */
  public static void format(
      Blocking device, LapSuperblock superblock, Clearing clearing, Progress progress)
      throws IOException {
    Geometry geometry = new Geometry(superblock.order(), device.device().size());
    new Formatter(device, superblock::encode, LapLayout.INSTANCE, geometry, progress).run(clearing);
  }

  private void run(Clearing clearing) throws IOException {
    // Shared: a device may carry a request out on a thread of its own.
    try (Arena arena = Arena.ofShared()) {
      run(clearing, arena.allocate(Geometry.SUPERBLOCK_REGION, Geometry.BLOCK));
    }
  }

  private void run(Clearing clearing, MemorySegment region) throws IOException {
    MemorySegment block = region.asSlice(0, Geometry.BLOCK);
    Superblock.encodeUnfinished(block);
    device.write(0, block);
    device.flush();

    layout.encodeRecord(region.asSlice(Geometry.RECORD_BLOCK_OFFSET, Geometry.BLOCK), 0);
    device.write(
        Geometry.BLOCK, region, Geometry.BLOCK, Geometry.SUPERBLOCK_REGION - Geometry.BLOCK);
    clearHeaders(clearing, block.fill((byte) 0));
    device.flush();

    superblock.accept(block);
    device.write(0, block);
    device.flush();
  }

  private void clearHeaders(Clearing clearing, MemorySegment zeroes) throws IOException {
    long end = geometry.logEnd();
    boolean whole = clearing == Clearing.WHOLE_LOG && device.device().limits().canZero();
    if (clearing == Clearing.NOTHING) {
      return;
    }
    if (whole) {
      for (long at = Geometry.SUPERBLOCK_REGION; at < end; at += STEP_BYTES) {
        progress.cleared(at, end);
        device.writeZeroes(at, Math.min(STEP_BYTES, end - at), 0);
      }
    } else {
      for (int slot = 0; slot < geometry.segmentCount(); slot++) {
        progress.cleared(geometry.slotOffset(slot), end);
        device.write(geometry.slotOffset(slot), zeroes);
      }
    }
    progress.cleared(end, end);
  }
}
