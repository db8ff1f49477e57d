package writeboost.inspect;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import writeboost.device.Blocking;
import writeboost.layout.Geometry;
import writeboost.layout.LapSuperblock;
import writeboost.layout.RecordSector;
import writeboost.layout.Superblock;
import writeboost.layout.UnusableCacheException;
import writeboost.layout.UnusableCacheException.Kind;

/**
 * A cache device as it lies there: who wrote it, its superblock and its record. Immutable, but
 * reads the device; one thread.
 */
public final class CacheContents {

  /** Which generation of bytes a cache has. */
  public enum Form {
    /** Layout v2 with our extension; perhaps with segments of the kernel module, if adopted. */
    EXTENDED("v2"),
    /** Layout v2 as the kernel module dm-writeboost 2.x writes it. */
    KERNEL("v2, of the kernel module"),
    /** The layout of 2013. */
    LAP("v1");

    private final String title;

    Form(String title) {
      this.title = title;
    }

    /** For people. */
    public String title() {
      return title;
    }
  }

  /** Segments of the kernel module have always this order. */
  private static final int KERNEL_ORDER = 10;

  private final Blocking device;
  private final Form form;
  private final @Nullable Superblock superblock;
  private final Geometry geometry;
  private final RecordSector record;
  private final MemorySegment segment;

  private CacheContents(
      Blocking device,
      Form form,
      @Nullable Superblock superblock,
      Geometry geometry,
      LongFunction<MemorySegment> memory)
      throws IOException {
    this.device = device;
    this.form = form;
    this.superblock = superblock;
    this.geometry = geometry;
    this.segment = memory.apply(geometry.segmentBytes());
    device.read(Geometry.RECORD_BLOCK_OFFSET, segment, 0, Geometry.BLOCK);
    this.record = RecordSector.decode(segment);
  }

  /**
   * Reads superblock and record.
   *
   * @param memory gives memory of so many bytes, aligned to 4096; asked for one block and one
   *     segment
   * @throws UnusableCacheException if there is no cache, or none that can be made sense of
   */
  public static CacheContents open(Blocking device, LongFunction<MemorySegment> memory)
      throws IOException {
    long size = device.device().size();
    if (size < Geometry.SUPERBLOCK_REGION) {
      throw new UnusableCacheException(
          Kind.FOREIGN, device.name() + ": is too small to be a cache; name the right device");
    }
    MemorySegment block = memory.apply(Geometry.BLOCK);
    device.read(0, block);
    try {
      Superblock superblock = Superblock.decode(block);
      if (superblock.cacheSizeBytes() > size) {
        throw new UnusableCacheException(
            Kind.DIFFERENT,
            "the cache was formatted on a device of %d bytes and this one has %d: give it its old size back"
                .formatted(superblock.cacheSizeBytes(), size));
      }
      return new CacheContents(device, Form.EXTENDED, superblock, superblock.geometry(), memory);
    } catch (UnusableCacheException found) {
      if (found.kind() == Kind.KERNEL) {
        return new CacheContents(device, Form.KERNEL, null, geometry(KERNEL_ORDER, device), memory);
      }
      if (found.kind() == Kind.LAP_LAYOUT) {
        int order = LapSuperblock.decode(block).order();
        return new CacheContents(device, Form.LAP, null, geometry(order, device), memory);
      }
      throw new UnusableCacheException(found.kind(), device.name() + ": " + found.getMessage());
    }
  }

  private static Geometry geometry(int order, Blocking device) throws UnusableCacheException {
    try {
      return new Geometry(order, device.device().size());
    } catch (IllegalArgumentException e) {
      throw new UnusableCacheException(Kind.DAMAGED, device.name() + ": " + e.getMessage());
    }
  }

  public Form form() {
    return form;
  }

  public Geometry geometry() {
    return geometry;
  }

  /** Our superblock; null in other generations, whose superblock says nothing more. */
  public @Nullable Superblock superblock() {
    return superblock;
  }

  public RecordSector record() {
    return record;
  }

  /** Whether the record says which segments are written back. */
  public boolean recordUsable() {
    boolean sound =
        switch (form) {
          case EXTENDED -> record.state() == RecordSector.State.PRESENT;
          case KERNEL -> record.state() != RecordSector.State.DAMAGED;
          case LAP -> record.state() == RecordSector.State.ABSENT;
        };
    return sound && record.id() >= 0 && record.id() <= Geometry.MAXIMUM_ID;
  }

  Blocking device() {
    return device;
  }

  /** A view of one segment after the other; there is one, and its memory. */
  public SegmentContents segment() {
    return new SegmentContents(this, segment);
  }
}
