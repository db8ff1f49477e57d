package writeboost.volume;

import java.util.Arrays;

/** The one list of counters. Under the core's lock. */
public final class Statistics {

  private final long[] pieces = new long[Pieces.KINDS];
  private long lostSectors;
  private long damagedLines;

  void piece(boolean write, boolean hit, boolean onBuffer, boolean fullSize) {
    pieces[
        (write ? Pieces.WRITE : 0)
            | (hit ? Pieces.HIT : 0)
            | (onBuffer ? Pieces.ON_BUFFER : 0)
            | (fullSize ? Pieces.FULL_SIZE : 0)]++;
  }

  void lostSectors(int count) {
    lostSectors += count;
  }

  void damagedLine() {
    damagedLines++;
  }

  /** The counters of pieces as they are now. */
  Pieces snapshot() {
    return new Pieces(pieces.clone());
  }

  /** Sets the counters of pieces to zero; what is lost or damaged stays told. */
  void clear() {
    Arrays.fill(pieces, 0);
  }

  /** Sectors that a merge could not get from the cache device. */
  public long lostSectors() {
    return lostSectors;
  }

  /** Lines that a read found damaged on the cache device. */
  public long damagedLines() {
    return damagedLines;
  }
}
