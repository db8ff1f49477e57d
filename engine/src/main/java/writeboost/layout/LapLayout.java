package writeboost.layout;

import java.lang.foreign.MemorySegment;

/**
 * Layout v1: the one of 2013. It has no checksums: a segment is whole if the lap of each of its
 * metablocks equals that of its header. Torn data cannot be seen, so a header is written only when
 * the lines behind it are durable. Its bytes: {@link LapSuperblock}, {@link RecordSector#encodeBare
 * the record}, {@link LapHeader}.
 */
public final class LapLayout implements Layout {
  public static final LapLayout INSTANCE = new LapLayout();

  static final int MINIMUM_ORDER = 4;

  /** The 255 metablocks of order 11 fill the header to byte 3328. */
  static final int MAXIMUM_ORDER = 11;

  private LapLayout() {}

  @Override
  public String toString() {
    return name();
  }

  @Override
  public String name() {
    return "v1";
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
    return false;
  }

  @Override
  public boolean hasZeroRuns() {
    return false;
  }

  @Override
  public boolean hasLineChecksums() {
    return false;
  }

  @Override
  public boolean hasLostSectors() {
    return false;
  }

  @Override
  public void encodeRecord(MemorySegment block4096, long id) {
    RecordSector.encodeBare(block4096, id);
  }
}
