package writeboost.simulate;

import java.util.HashMap;
import java.util.Map;
import writeboost.layout.Geometry;

/** Which writes of segments a power loss has torn: some of their sectors kept, others lost. */
final class Torn implements VolatileSectors.Fate {

  private static final int KEPT = 1;
  private static final int LOST = 2;

  private final Geometry geometry;
  private final Map<Long, Integer> headers = new HashMap<>();
  private final Map<Long, Integer> lines = new HashMap<>();

  Torn(Geometry geometry) {
    this.geometry = geometry;
  }

  @Override
  public void decided(long writeOffset, long sector, boolean kept) {
    long inLog = sector * Geometry.SECTOR - Geometry.SUPERBLOCK_REGION;
    if (inLog >= 0) {
      boolean header = inLog % geometry.segmentBytes() < Geometry.BLOCK;
      (header ? headers : lines).merge(writeOffset, kept ? KEPT : LOST, (a, b) -> a | b);
    }
  }

  void note(Happenings happenings) {
    happenings.happened(Happening.TORN_HEADER, torn(headers));
    happenings.happened(Happening.TORN_GROUP, torn(lines));
  }

  private static long torn(Map<Long, Integer> writes) {
    return writes.values().stream().filter(fate -> fate == (KEPT | LOST)).count();
  }
}
