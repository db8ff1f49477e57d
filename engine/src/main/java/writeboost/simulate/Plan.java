package writeboost.simulate;

import static writeboost.layout.Geometry.BLOCK;
import static writeboost.layout.Geometry.SECTOR;

import writeboost.layout.Geometry;

/**
 * What a run is like: small logs, so that they lap soon, and odds that differ from run to run.
 *
 * @param geometry of the cache device
 * @param volumeBytes size of the backing device; now and then it ends inside a block
 * @param ramBuffers segments in RAM
 * @param lives how often the volume is started, the last look at it not counted
 * @param requestsPerLife at most
 * @param crashOdds for each event
 * @param resumeCrashOdds for each request of a resume
 * @param formatCrashOdds for each request of a format
 */
record Plan(
    Geometry geometry,
    long volumeBytes,
    int ramBuffers,
    int lives,
    int requestsPerLife,
    double crashOdds,
    double resumeCrashOdds,
    double formatCrashOdds) {

  private static final int SLOTS_MAX = 10;

  /** The largest number of RAM buffers. */
  static final int RAM_BUFFERS_MAX = 6;

  /** The largest volume. */
  static final int BLOCKS_MAX = 40;

  static Plan draw(Chance chance) {
    int order = chance.oneOf(4, 4, 5, 5, 6);
    int slots = chance.between(3, SLOTS_MAX);
    int window = chance.between(1, Math.min(slots - 1, 4));
    long tail = chance.oneIn(4) ? (long) SECTOR * chance.below(8) : 0;
    long cacheBytes = Geometry.SUPERBLOCK_REGION + ((long) slots << order + 9) + tail;
    int blocks = chance.oneIn(3) ? chance.between(2, 6) : chance.between(4, BLOCKS_MAX);
    int lastSectors = chance.oneIn(4) ? chance.between(1, 7) : 0;
    boolean shortLives = chance.oneIn(2);
    return new Plan(
        new Geometry(order, cacheBytes, window),
        (long) blocks * BLOCK - (long) lastSectors * SECTOR,
        chance.between(2, RAM_BUFFERS_MAX),
        shortLives ? chance.between(4, 8) : chance.between(2, 4),
        shortLives ? chance.between(5, 40) : chance.between(30, 150),
        chance.oneOf(0, 0.0005, 0.002, 0.01),
        chance.oneOf(0, 0.05, 0.25),
        chance.oneIn(4) ? 0.2 : 0);
  }
}
