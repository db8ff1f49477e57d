package writeboost.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import writeboost.device.Blocking;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.index.ZeroRanges;
import writeboost.layout.Geometry;
import writeboost.layout.RecordSector;
import writeboost.layout.Superblock;

/**
 * Resume (DESIGN section 7): finds the unbroken run of segments record+1 .. T, drops what a crash
 * tore behind it in a way that it can never come back, and fills the tables. One thread, before the
 * core begins; waits for its I/O.
 *
 * <p>The order of the steps matters, because a crash can come between any two of them:
 *
 * <pre>
 *   a  bump the incarnation, flush       a killed process leaves data that is readable but volatile
 *   b  walk from record+1 to T           headers first, for the newest durable mark; lines behind that mark are verified
 *   c  empty closed segments T+1 .. M,   M: the highest id seen behind T; other headers of the window are cleared; flush
 *   d  T shortened and closed, flush     only now may the first request come; new ids start at M+1
 * </pre>
 *
 * <p>Read-only: only (b).
 */
public final class Recovery {

  private final Blocking cache;
  private final boolean readOnly;
  private final Geometry geometry;
  private final SegmentRing ring;
  private final Rules rules;
  private final Replay replay;
  private final Salvage salvage;

  /** One segment: header and lines. */
  private final MemorySegment segment;

  private final MemorySegment ahead;

  private Superblock superblock;

  /**
   * @param segment memory of one segment, aligned to 4096
   * @param ahead memory to read headers to, one block at least, aligned to 4096
   * @param salvage damage to what was durable ends the log there, instead of the resume
   */
  public Recovery(
      Blocking cache,
      Superblock superblock,
      boolean readOnly,
      SegmentRing ring,
      LineTable table,
      BlockIndex index,
      ZeroRanges zeroes,
      MemorySegment segment,
      MemorySegment ahead,
      boolean salvage) {
    this.cache = cache;
    this.superblock = superblock;
    this.readOnly = readOnly;
    this.ring = ring;
    this.rules = ring.rules;
    this.geometry = ring.geometry;
    this.replay = new Replay(ring, table, index, zeroes, superblock.backingSizeBytes());
    this.segment = segment;
    this.ahead = ahead;
    this.salvage = new Salvage(cache.name(), salvage);
  }

  /**
   * What was found.
   *
   * @param superblock with the incarnation of this life
   * @param record the newest segment that is on the backing device for good
   * @param last T: the newest segment of the run
   * @param newest M: ids of this life begin behind it
   * @param dirtyLines lines found that are to be written back
   * @param dropped segments behind T that were seen and dropped
   * @param notUsed what damage keeps from being used, a line for people each; empty but for a
   *     salvage
   */
  public record Result(
      Superblock superblock,
      long record,
      long last,
      long newest,
      long dirtyLines,
      long dropped,
      List<String> notUsed) {

    /** Of a cache that the kernel module wrote. */
    public static Result of(KernelScan.Found found, Superblock superblock) {
      return new Result(
          superblock,
          found.base(),
          found.last(),
          found.newest(),
          found.dirtyLines(),
          found.newest() - found.last(),
          found.notUsed());
    }
  }

  /** Fills ring, table and index, repairs the device unless read-only. */
  public Result run() throws IOException {
    Superblock found = superblock;
    if (!readOnly) {
      begin();
    }
    Headers headers = new Headers(cache, superblock, segment, ahead, rules);
    long record = readRecord(headers);
    long ours = Math.max(record, superblock.adoptedUpTo());
    Mark clean = new Mark(found.cleanId(), found.cleanLines());
    Mark durable = headers.newestDurableMark(ours, record + geometry.segmentCount(), clean);
    Walk walk = new Walk(cache, superblock, replay, segment, headers, salvage, rules);
    walk.run(record, durable);
    long last = walk.last();
    long newest = last;
    if (!readOnly) {
      newest =
          new Repair(cache, superblock, ring, segment, headers, salvage).run(record, walk, durable);
    }
    ring.restore(record, rules.hold(Rule.NEW_IDS) ? newest : last);
    return new Result(
        superblock, record, last, newest, replay.dirtyLines(), newest - last, salvage.list());
  }

  // a

  private void begin() throws IOException {
    int bump = rules.hold(Rule.BUMP_INCARNATION) ? 1 : 0;
    superblock = superblock.withIncarnation(superblock.incarnation() + bump);
    writeSuperblock(cache, superblock, segment);
    if (rules.hold(Rule.FLUSH_AT_START)) {
      cache.flush();
    }
  }

  /** Writes sector 0 as the 4 KiB around it; {@code block} is memory to do it in. */
  public static void writeSuperblock(Blocking cache, Superblock superblock, MemorySegment block)
      throws IOException {
    superblock.encode(block);
    cache.write(0, block, 0, Geometry.BLOCK);
  }

  private long readRecord(Headers headers) throws IOException {
    cache.read(Geometry.RECORD_BLOCK_OFFSET, segment, 0, Geometry.BLOCK);
    RecordSector sector = RecordSector.decode(segment);
    boolean possible = sector.id() >= 0 && sector.id() <= Geometry.MAXIMUM_ID;
    if ((sector.isOurs() || !rules.hold(Rule.RECORD_CRC)) && possible) {
      return sector.id();
    }
    salvage.damaged(
        "the record of what is written back (sector 2047) is damaged: all that is there is taken"
            + " for not written back");
    long record = headers.lowestOfRun(new Mark(superblock.cleanId(), superblock.cleanLines())) - 1;
    if (!readOnly) {
      RecordSector.encode(segment, record);
      cache.write(Geometry.RECORD_BLOCK_OFFSET, segment, 0, Geometry.BLOCK);
      cache.flush();
    }
    return record;
  }
}
