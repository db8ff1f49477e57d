package writeboost.inspect;

import java.util.TreeMap;
import writeboost.inspect.Damage.Place;
import writeboost.layout.Geometry;

/** What a check has found so far. One thread. */
final class Findings {

  /** Lost sectors are rare; what is behind so many is counted at once. */
  private static final int LOST_BLOCKS_KEPT = 1 << 16;

  private final Check.Listener listener;

  /** Of each block whose newest line has lost sectors, that line. */
  private final TreeMap<Long, Damage> lost = new TreeMap<>();

  long damages;
  long segments;
  long lines;
  long zeroRuns;
  long droppedSegments;
  long droppedLines;
  long paddingChanged;

  Findings(Check.Listener listener) {
    this.listener = listener;
  }

  void damage(Damage damage) {
    damages++;
    listener.damage(damage);
  }

  void damage(SegmentContents segment, int i, String what) {
    damage(new Damage(Place.LINE, segment.id(), i, segment.sector(i), segment.blocks(i), what));
  }

  /** A line that a resume takes; newer than all before. */
  void taken(SegmentContents segment, int i) {
    lines++;
    zeroRuns += segment.zeroRun(i) ? 1 : 0;
    long block = segment.sector(i) / Geometry.SECTORS_PER_BLOCK;
    if (!lost.isEmpty()) {
      lost.subMap(block, block + segment.blocks(i)).clear();
    }
    int mask = segment.lost(i);
    if (mask != 0) {
      String what = "sectors %s of it are lost".formatted(sectors(mask));
      Damage damage = new Damage(Place.LOST_SECTORS, segment.id(), i, segment.sector(i), 1, what);
      if (lost.size() < LOST_BLOCKS_KEPT) {
        lost.put(block, damage);
      } else {
        damage(damage);
      }
    }
  }

  private static String sectors(int mask) {
    StringBuilder numbers = new StringBuilder();
    for (int k = 0; k < Geometry.SECTORS_PER_BLOCK; k++) {
      if ((mask >> k & 1) != 0) {
        numbers.append(numbers.isEmpty() ? "" : ", ").append(k);
      }
    }
    return numbers.toString();
  }

  /** At the end: what has not been overwritten since is lost. */
  void tellLost() {
    lost.values().forEach(this::damage);
    lost.clear();
  }
}
