package writeboost.layout;

import java.lang.foreign.MemorySegment;

/**
 * Layout v2: a checksum over each segment, which dm-writeboost 2.x reads too at order 10, and our
 * extension in its padding. Its bytes: {@link Superblock}, {@link RecordSector}, {@link
 * SegmentHeader}.
 */
public final class ChecksumLayout implements Layout {
  public static final ChecksumLayout INSTANCE = new ChecksumLayout();

  static final int MINIMUM_ORDER = 4;

  /**
   * The 127 metablocks of order 10 fill the header to byte 2544; those of order 11 would not fit.
   */
  static final int MAXIMUM_ORDER = 10;

  private ChecksumLayout() {}

  @Override
  public String toString() {
    return name();
  }

  @Override
  public String name() {
    return "v2";
  }

  @Override
  public int minimumOrder() {
    return MINIMUM_ORDER;
  }

  @Override
  public int maximumOrder() {
    return MAXIMUM_ORDER;
  }

  @Override
  public boolean hasGroups() {
    return true;
  }

  @Override
  public boolean hasZeroRuns() {
    return true;
  }

  @Override
  public boolean hasLineChecksums() {
    return true;
  }

  @Override
  public boolean hasLostSectors() {
    return true;
  }

  @Override
  public void encodeRecord(MemorySegment block4096, long id) {
    RecordSector.encode(block4096, id);
  }
}
