package writeboost.volume;

/** The one list of counters. Under the core's lock. */
public final class Statistics {

  private static final int WRITE = 1;
  private static final int HIT = 2;
  private static final int ON_BUFFER = 4;
  private static final int FULL_SIZE = 8;

  private final long[] pieces = new long[16];
  private long lostSectors;
  private long damagedLines;

  void piece(boolean write, boolean hit, boolean onBuffer, boolean fullSize) {
    pieces[
        (write ? WRITE : 0)
            | (hit ? HIT : 0)
            | (onBuffer ? ON_BUFFER : 0)
            | (fullSize ? FULL_SIZE : 0)]++;
  }

  void lostSectors(int count) {
    lostSectors += count;
  }

  void damagedLine() {
    damagedLines++;
  }

  /** The counter of pieces with these bits: write 1, hit 2, on buffer 4, full size 8. */
  public long pieces(int bits) {
    return pieces[bits];
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
