package writeboost.inspect;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import writeboost.layout.Crc32c;
import writeboost.layout.Geometry;
import writeboost.layout.LapHeaderView;
import writeboost.layout.SegmentHeader;
import writeboost.layout.SegmentHeaderView;
import writeboost.layout.Superblock;

/**
 * What a slot of the cache device holds: a header, and its lines once they are asked for. Laid over
 * one slot after the other; one thread. Any bytes may be looked at.
 */
public final class SegmentContents {

  /** What a slot holds. */
  public enum Kind {
    /** Nothing: never written, or cleared by a resume. */
    EMPTY,
    /** A segment of this cache, with our extension. */
    EXTENDED,
    /** A segment without our extension, as the kernel module writes them. */
    KERNEL,
    /** A segment of the layout of 2013. */
    LAP,
    /** Something else, see {@link #problem}. */
    UNUSABLE
  }

  private final CacheContents cache;
  private final Geometry geometry;
  private final MemorySegment memory;
  private final SegmentHeaderView header = new SegmentHeaderView();
  private final LapHeaderView lapHeader = new LapHeaderView();
  private final BitSet unreadable = new BitSet();

  private int slot;
  private String problem = "";
  private Kind kind = Kind.EMPTY;

  SegmentContents(CacheContents cache, MemorySegment memory) {
    this.cache = cache;
    this.geometry = cache.geometry();
    this.memory = memory;
    header.over(memory, 0);
    lapHeader.over(memory, 0);
  }

  /** Reads the header in {@code newSlot}; one that cannot be read is unusable. */
  public void readHeader(int newSlot) {
    slot = newSlot;
    String trouble = read(geometry.slotOffset(slot), 0, Geometry.BLOCK);
    if (trouble != null) {
      memory.asSlice(0, Geometry.BLOCK).fill((byte) 0);
      problem = trouble;
    } else {
      problem = isBlank() ? "" : findProblem();
    }
    kind = problem.isEmpty() ? findKind() : Kind.UNUSABLE;
  }

  private boolean isBlank() {
    return header.id() == 0 && (cache.superblock() == null || !header.hasExtension());
  }

  private Kind findKind() {
    if (header.id() == 0) {
      return Kind.EMPTY;
    }
    if (cache.form() == CacheContents.Form.LAP) {
      return Kind.LAP;
    }
    return isExtended() ? Kind.EXTENDED : Kind.KERNEL;
  }

  /** In a cache of the kernel module nothing is ours, whatever the padding holds. */
  private boolean isExtended() {
    return cache.superblock() != null && header.hasExtension();
  }

  private String findProblem() {
    Superblock superblock = cache.superblock();
    if (superblock != null && header.hasExtension()) {
      if (!header.sectorOk()) {
        return "the first sector of its header does not fit its CRC";
      }
      if (!header.isOurs(superblock.uuidHigh(), superblock.uuidLow())) {
        return "it belongs to another cache";
      }
    }
    int lines = cache.form() == CacheContents.Form.LAP ? lapHeader.length() : header.length();
    if (lines > geometry.linesPerSegment()) {
      return "it claims %d lines, of %d that a segment has"
          .formatted(lines, geometry.linesPerSegment());
    }
    if (header.id() <= 0
        || header.id() > Geometry.MAXIMUM_ID
        || geometry.slot(header.id()) != slot) {
      return "its id %s does not belong in this slot".formatted(Long.toUnsignedString(header.id()));
    }
    if (cache.form() == CacheContents.Form.LAP && !lapHeader.isWhole(geometry, slot)) {
      return "the laps in its header do not agree";
    }
    return "";
  }

  /** Reads the lines that count; which ones cannot be read shows {@link #lineProblem}. */
  public void readLines() {
    unreadable.clear();
    int length = length();
    if (length == 0 || read(geometry.lineOffset(slot, 0), 1, (long) length << 12) == null) {
      return;
    }
    for (int i = 0; i < length; i++) {
      unreadable.set(i, read(geometry.lineOffset(slot, i), 1 + i, Geometry.BLOCK) != null);
    }
  }

  /** Null, or why it could not be read. */
  private @Nullable String read(long offset, int toBlock, long length) {
    try {
      cache.device().read(offset, memory, (long) toBlock * Geometry.BLOCK, length);
      return null;
    } catch (IOException e) {
      return "it cannot be read: " + e.getMessage();
    }
  }

  // the header

  public int slot() {
    return slot;
  }

  public Kind kind() {
    return kind;
  }

  /** Why the slot is unusable; otherwise empty. */
  public String problem() {
    return problem;
  }

  /** Unchecked in an unusable slot. */
  public long id() {
    return header.id();
  }

  /** The round over the slots that the segment belongs to. */
  public long lap() {
    return geometry.lap(header.id());
  }

  /** Lines that count, none in an unusable slot. */
  public int length() {
    return switch (kind) {
      case EXTENDED, KERNEL -> header.length();
      case LAP -> lapHeader.length();
      case EMPTY, UNUSABLE -> 0;
    };
  }

  public int incarnation() {
    return header.incarnation();
  }

  public boolean closed() {
    return header.closed();
  }

  public long durableId() {
    return header.durableId();
  }

  public int durableLines() {
    return header.durableLines();
  }

  public boolean metablocksOk() {
    return header.metablocksOk();
  }

  /**
   * After {@link #readLines}: the checksum of both generations over the whole segment. The kernel
   * module before 2.0.2 left out the last step of the CRC, an inversion.
   */
  public boolean checksumOk() {
    long bytes = (long) length() * Geometry.BLOCK;
    if (!unreadable.isEmpty()) {
      return false;
    }
    int sum =
        SegmentHeader.segmentChecksum(
            memory, 0, length(), Crc32c.of(memory, Geometry.BLOCK, bytes));
    return header.checksum() == sum || kind == Kind.KERNEL && header.checksum() == ~sum;
  }

  /** Written by us over what an adoption drops, in a cache that still is the kernel module's. */
  boolean isOfAdoption() {
    return header.hasExtension() && header.sectorOk() && header.length() == 0;
  }

  // lines

  public long sector(int i) {
    return kind == Kind.LAP ? lapHeader.sector(i) : header.sector(i);
  }

  /** Bit k: sector k of the line is dirty. */
  public int mask(int i) {
    return kind == Kind.LAP ? lapHeader.mask(i) : header.mask(i);
  }

  public boolean zeroRun(int i) {
    return kind == Kind.EXTENDED && header.zeroRun(i);
  }

  /** Blocks that the line stands for: one, but for a zero run. */
  public int blocks(int i) {
    return zeroRun(i) ? header.runBlocks(i) : 1;
  }

  public boolean groupEnd(int i) {
    return kind == Kind.EXTENDED && header.groupEnd(i);
  }

  /** Bit k: sector k of the line is lost. */
  public int lost(int i) {
    return kind == Kind.EXTENDED && !zeroRun(i) ? header.lost(i) : 0;
  }

  public int lineCrc(int i) {
    return header.lineCrc(i);
  }

  /** After {@link #readLines}: what is wrong with the bytes of line {@code i}, or nothing. */
  public String lineProblem(int i) {
    if (unreadable.get(i)) {
      return "it cannot be read";
    }
    long at = (1L + i) * Geometry.BLOCK;
    boolean checked = kind == Kind.EXTENDED;
    return checked && !header.lineOk(i, Crc32c.of(memory, at, Geometry.BLOCK))
        ? "it does not fit its CRC"
        : "";
  }

  /** Whether metablock {@code i} has no bits but those that are written. */
  public boolean isKnown(int i) {
    return kind != Kind.EXTENDED || header.isKnown(i);
  }

  /** Whether metablock {@code i} names blocks that the backing device has, as far as is known. */
  public boolean fitsBacking(int i) {
    Superblock superblock = cache.superblock();
    long backing = superblock == null ? Long.MAX_VALUE : superblock.backingSizeBytes();
    long blocks = backing / Geometry.BLOCK + (backing % Geometry.BLOCK == 0 ? 0 : 1);
    long sector = sector(i);
    return sector >= 0
        && sector % Geometry.SECTORS_PER_BLOCK == 0
        && sector / Geometry.SECTORS_PER_BLOCK <= blocks - blocks(i);
  }
}
