package writeboost.simulate;

import static writeboost.layout.Geometry.BLOCK;
import static writeboost.layout.Geometry.SECTOR;

import writeboost.layout.Geometry;
import writeboost.layout.LapLayout;
import writeboost.layout.Layout;

/**
 * What a run is like: small logs, so that they lap soon, and odds that differ from run to run.
 *
 * @param layout of the cache device
 * @param geometry of the cache device
 * @param volumeBytes size of the backing device; now and then it ends inside a block
 * @param ramBuffers segments in RAM
 * @param lives how often the volume is started, the last look at it not counted
 * @param requestsPerLife at most
 * @param crashOdds for each event
 * @param resumeCrashOdds for each request of a resume
 * @param formatCrashOdds for each request of a format
 * @param reformatOdds for a format over the old cache between two lives
 * @param deep the end is to come while many segments are written and not flushed
 */
record Plan(
    Layout layout,
    Geometry geometry,
    long volumeBytes,
    int ramBuffers,
    int lives,
    int requestsPerLife,
    double crashOdds,
    double resumeCrashOdds,
    double formatCrashOdds,
    double reformatOdds,
    boolean deep) {

  private static final int SLOTS_MAX = 10;

  /** The largest number of RAM buffers. */
  private static final int RAM_BUFFERS_MAX = 8;

  /** Blocks of a volume that fills larger segments. */
  private static final int BLOCKS_TORN_MAX = 200;

  /** The largest volume otherwise. */
  private static final int BLOCKS_MAX = 40;

  static Plan draw(Chance chance, Layout layout) {
    return switch (chance.below(layout == LapLayout.INSTANCE ? 7 : 5)) {
      case 0, 1 -> wide(chance, layout);
      case 2 -> grouped(chance, layout);
      case 5, 6 -> torn(chance, layout);
      default -> deep(chance, layout);
    };
  }

  /** A bit of everything. */
  private static Plan wide(Chance chance, Layout layout) {
    int slots = chance.between(3, SLOTS_MAX);
    int blocks = chance.oneIn(3) ? chance.between(2, 6) : chance.between(4, BLOCKS_MAX);
    int lastSectors = chance.oneIn(4) ? chance.between(1, 7) : 0;
    boolean shortLives = chance.oneIn(2);
    return new Plan(
        layout,
        geometry(
            chance,
            layout,
            chance.oneOf(4, 5, 5, 6),
            slots,
            chance.between(1, Math.min(slots - 1, 4))),
        (long) blocks * BLOCK - (long) lastSectors * SECTOR,
        chance.between(2, RAM_BUFFERS_MAX),
        shortLives ? chance.between(4, 8) : chance.between(2, 4),
        shortLives ? chance.between(5, 40) : chance.between(30, 120),
        chance.oneOf(0, 0.0005, 0.002, 0.01),
        chance.oneOf(0, 0.05, 0.25),
        chance.oneIn(4) ? 0.2 : 0,
        chance.oneIn(8) ? 0.3 : 0,
        false);
  }

  /** Few blocks, overwritten in place within larger segments. */
  private static Plan grouped(Chance chance, Layout layout) {
    int slots = chance.between(3, 5);
    return new Plan(
        layout,
        geometry(chance, layout, chance.oneOf(5, 6), slots, chance.between(1, slots - 1)),
        (long) BLOCK * chance.between(2, 8),
        chance.between(2, RAM_BUFFERS_MAX),
        chance.between(4, 10),
        chance.between(10, 40),
        chance.oneOf(0.002, 0.005, 0.01),
        chance.oneOf(0, 0.1),
        0,
        0,
        false);
  }

  /** Many segments under way at once, short lives, and crashes in most resumes. */
  private static Plan deep(Chance chance, Layout layout) {
    int slots = chance.between(5, SLOTS_MAX);
    return new Plan(
        layout,
        geometry(
            chance,
            layout,
            chance.oneOf(4, 4, 5),
            slots,
            chance.oneOf(1, 1, chance.between(2, slots - 1))),
        (long) BLOCK * chance.between(2, 12),
        chance.between(4, RAM_BUFFERS_MAX),
        chance.between(6, 16),
        chance.between(3, 16),
        chance.oneOf(0, 0.005, 0.02),
        chance.oneOf(0.1, 0.25, 0.4),
        0.1,
        chance.oneIn(8) ? 0.2 : 0,
        true);
  }

  /** A life or two of a few requests, for a crash at each of its moments. */
  static Plan small(Chance chance, Layout layout) {
    int slots = chance.between(3, 4);
    return new Plan(
        layout,
        geometry(chance, layout, chance.oneOf(4, 5), slots, chance.between(1, slots - 1)),
        (long) BLOCK * chance.between(2, 6),
        chance.between(2, 4),
        2,
        chance.between(10, 30),
        0,
        0,
        0,
        0,
        false);
  }

  /**
   * Headers of several sectors, of which a crash writes some; short lives, so that ids come again.
   */
  private static Plan torn(Chance chance, Layout layout) {
    int slots = chance.between(3, 5);
    return new Plan(
        layout,
        geometry(chance, layout, 9, slots, slots - 1),
        (long) BLOCK * chance.between(64, BLOCKS_TORN_MAX),
        chance.between(2, 3),
        chance.between(5, 10),
        chance.between(60, 240),
        chance.oneOf(0, 0.001, 0.003),
        chance.oneOf(0, 0.1),
        0,
        0,
        true);
  }

  private static Geometry geometry(Chance chance, Layout layout, int order, int slots, int window) {
    long tail = chance.oneIn(4) ? (long) SECTOR * chance.below(8) : 0;
    long bytes = Geometry.SUPERBLOCK_REGION + ((long) slots << order + 9) + tail;
    return layout == LapLayout.INSTANCE
        ? new Geometry(order, bytes) // it has no place for another window
        : new Geometry(order, bytes, window);
  }
}
