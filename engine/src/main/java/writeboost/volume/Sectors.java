package writeboost.volume;

import writeboost.layout.Geometry;

/** Sets of sectors inside one block: bit i stands for sector i. */
final class Sectors {

  static final int ALL = 0xFF;

  private Sectors() {}

  /**
   * The sectors that {@code bytes} bytes from byte {@code within} of a block touch; both are
   * multiples of a sector.
   */
  static int mask(int within, int bytes) {
    int first = within / Geometry.SECTOR;
    int count = bytes / Geometry.SECTOR;
    return ((1 << count) - 1) << first;
  }

  /** The first sector of {@code mask} at or after {@code from}, or 8. */
  static int next(int mask, int from) {
    int rest = mask & -(1 << from);
    return rest == 0 ? Geometry.SECTORS_PER_BLOCK : Integer.numberOfTrailingZeros(rest);
  }

  /** The end of the run of sectors that begins at {@code from}. */
  static int runEnd(int mask, int from) {
    return Integer.numberOfTrailingZeros(~(mask >>> from)) + from;
  }
}
