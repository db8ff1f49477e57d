package writeboost.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import writeboost.device.Blocking;
import writeboost.index.BlockIndex;
import writeboost.layout.Crc32c;
import writeboost.layout.Geometry;
import writeboost.layout.SegmentHeader;
import writeboost.layout.SegmentHeaderView;
import writeboost.layout.UnusableCacheException;

/**
 * A segment as the kernel module writes it, read and checked: one checksum over metablocks and
 * lines says whether it is whole (DESIGN section 4). Laid over one segment after the other; one
 * thread.
 *
 * <p>Versions of the module before 2.0.2 left out the last step of the CRC, an inversion. A cache
 * has one kind or the other: its first whole segment tells which.
 */
final class KernelSegment {

  /** Segments of the module are under no incarnation of ours. */
  static final int INCARNATION = 0;

  private final Blocking cache;
  private final Geometry geometry;
  private final MemorySegment memory;
  private final SegmentHeaderView header = new SegmentHeaderView();
  private final int[] dataCrcs;

  private boolean inversionKnown;
  private boolean inverted;
  private long id;

  /**
   * @param memory of one segment, aligned to 4096
   */
  KernelSegment(Blocking cache, Geometry geometry, MemorySegment memory) {
    this.cache = cache;
    this.geometry = geometry;
    this.memory = memory;
    this.dataCrcs = new int[geometry.linesPerSegment()];
  }

  /** Reads what is in a slot, its header alone. */
  SegmentHeaderView readHeader(int slot) throws IOException {
    cache.read(geometry.slotOffset(slot), memory, 0, Geometry.BLOCK);
    return header.over(memory, 0);
  }

  /** Reads all of segment {@code wantedId}; false where its slot does not hold it whole. */
  boolean read(long wantedId) throws IOException {
    id = wantedId;
    readHeader(geometry.slot(id));
    int length = header.length();
    if (header.id() != id || length > geometry.linesPerSegment()) {
      return false;
    }
    if (length > 0) {
      cache.read(
          geometry.lineOffset(geometry.slot(id), 0),
          memory,
          Geometry.BLOCK,
          (long) length * Geometry.BLOCK);
    }
    int dataCrc = 0;
    for (int i = 0; i < length; i++) {
      dataCrcs[i] = Crc32c.of(memory, (1L + i) * Geometry.BLOCK, Geometry.BLOCK);
      dataCrc = Crc32c.combineBlock(dataCrc, dataCrcs[i]);
    }
    return isChecksum(SegmentHeader.segmentChecksum(memory, 0, length, dataCrc));
  }

  private boolean isChecksum(int sum) {
    boolean plain = header.checksum() == sum;
    if (!inversionKnown && (plain || header.checksum() == ~sum)) {
      inversionKnown = true;
      inverted = !plain;
    }
    return inversionKnown && header.checksum() == (inverted ? ~sum : sum);
  }

  /** Written by us, in an adoption that did not come to its end. */
  boolean isOfAdoption() {
    return header.hasExtension() && header.sectorOk() && header.length() == 0;
  }

  /** What the slot that was read last holds. */
  long headerId() {
    return header.id();
  }

  /**
   * Refuses a segment that names anything else than blocks of the backing device. The module checks
   * nothing of the sort.
   */
  void requireFits(long backingBytes) throws UnusableCacheException {
    for (int i = 0; i < header.length(); i++) {
      long sector = header.sector(i);
      long last = sector + 31 - Integer.numberOfLeadingZeros(header.mask(i) | 1);
      if (sector < 0
          || sector % Geometry.SECTORS_PER_BLOCK != 0
          || last >= backingBytes / Geometry.SECTOR) {
        throw new UnusableCacheException(
            UnusableCacheException.Kind.DIFFERENT,
            "%s: line %d of segment %d is for sector %s, where this backing device has no block: name the right backing device"
                .formatted(cache.name(), i, id, Long.toUnsignedString(sector)));
      }
    }
  }

  /**
   * Enters the segment that was read last. Copies for reading are left out: the backing device has
   * the same, or something newer.
   *
   * @param leftovers is told of sectors that only an older line has; null where they are on the
   *     backing device already
   */
  void replay(Replay replay, long uuidHigh, long uuidLow, @Nullable Leftovers leftovers) {
    replay.segment(id, header.length(), INCARNATION);
    for (int i = 0; i < header.length(); i++) {
      long sector = header.sector(i);
      int mask = header.mask(i);
      if (mask == 0) {
        continue;
      }
      int crc =
          SegmentHeader.lineCrc(
              uuidHigh, uuidLow, INCARNATION, id, i, sector, mask, false, false, 0, dataCrcs[i]);
      long older = replay.line(i, sector, mask, false, 0, crc);
      if (leftovers != null && older != BlockIndex.NONE) {
        leftovers.superseded((int) older, mask);
      }
    }
  }

  /** What is not used if the segment that was read last is not, for people. */
  String describe() {
    StringBuilder text = new StringBuilder("segment ").append(id).append(": ");
    int dirty = 0;
    for (int i = 0; i < header.length() && i < geometry.linesPerSegment(); i++) {
      dirty += header.mask(i) != 0 ? 1 : 0;
    }
    text.append(dirty).append(" lines");
    String separator = ", of the sectors ";
    for (int i = 0; i < header.length() && i < geometry.linesPerSegment(); i++) {
      if (header.mask(i) != 0) {
        text.append(separator).append(Long.toUnsignedString(header.sector(i)));
        separator = " ";
      }
    }
    return text.toString();
  }
}
