package writeboost.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import writeboost.device.Blocking;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.index.ZeroRanges;
import writeboost.layout.Crc32c;
import writeboost.layout.Geometry;
import writeboost.layout.RecordSector;
import writeboost.layout.SegmentHeader;
import writeboost.layout.SegmentHeaderView;
import writeboost.layout.Superblock;
import writeboost.layout.UnusableCacheException;

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
  private final int linesPerSegment;
  private final SegmentRing ring;
  private final Rules rules;
  private final Replay replay;

  /** One segment: header and lines. */
  private final MemorySegment segment;

  private final SegmentHeaderView header = new SegmentHeaderView();

  private Superblock superblock;

  /** The segment that the crash tore, 0 if none, and what is left of it. */
  private long tornId;

  private int tornLength;
  private int tornIncarnation;

  /**
   * @param segment memory of one segment, aligned to 4096
   */
  public Recovery(
      Blocking cache,
      Superblock superblock,
      boolean readOnly,
      SegmentRing ring,
      LineTable table,
      BlockIndex index,
      ZeroRanges zeroes,
      MemorySegment segment) {
    this.cache = cache;
    this.superblock = superblock;
    this.readOnly = readOnly;
    this.ring = ring;
    this.rules = ring.rules;
    this.geometry = ring.geometry;
    this.linesPerSegment = geometry.linesPerSegment();
    this.replay = new Replay(ring, table, index, zeroes, superblock.backingSizeBytes());
    this.segment = segment;
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
   */
  public record Result(
      Superblock superblock, long record, long last, long newest, long dirtyLines, long dropped) {}

  /** Fills ring, table and index, repairs the device unless read-only. */
  public Result run() throws IOException {
    Superblock found = superblock;
    if (!readOnly) {
      begin();
    }
    long record = readRecord();
    Mark durable = newestDurableMark(record, found);
    long last = walk(record, durable);
    long newest = Math.max(last, record);
    if (!readOnly) {
      newest = repair(record, last);
    }
    ring.restore(record, rules.hold(Rule.NEW_IDS) ? newest : last);
    return new Result(superblock, record, last, newest, replay.dirtyLines(), newest - last);
  }

  /** A place in the log before which everything is durable. */
  private record Mark(long id, int lines) {
    boolean covers(long otherId, int line) {
      return otherId < id || otherId == id && line < lines;
    }

    Mark max(Mark other) {
      return other.id > id || other.id == id && other.lines > lines ? other : this;
    }
  }

  // a

  private void begin() throws IOException {
    int bump = rules.hold(Rule.BUMP_INCARNATION) ? 1 : 0;
    superblock = superblock.withIncarnation(superblock.incarnation() + bump);
    writeSuperblock(cache, superblock, segment);
    flush(Rule.FLUSH_AT_START);
  }

  /** Writes sector 0 as the 4 KiB around it; {@code block} is memory to do it in. */
  public static void writeSuperblock(Blocking cache, Superblock superblock, MemorySegment block)
      throws IOException {
    superblock.encode(block);
    cache.write(0, block, 0, Geometry.BLOCK);
  }

  private void flush(Rule rule) throws IOException {
    if (rules.hold(rule)) {
      cache.flush();
    }
  }

  private long readRecord() throws IOException {
    cache.read(Geometry.RECORD_BLOCK_OFFSET, segment, 0, Geometry.BLOCK);
    RecordSector sector = RecordSector.decode(segment);
    boolean possible = sector.id() >= 0 && sector.id() <= Geometry.MAXIMUM_ID;
    if (sector.state() == RecordSector.State.DAMAGED || !possible) {
      throw damaged("the record of what is written back (sector 2047) is damaged");
    }
    return sector.id();
  }

  // b

  /**
   * Reads headers only: every sound one says what was durable when it was built. Those behind a
   * missing one too, or a damaged header would pass for the end of the log.
   */
  private Mark newestDurableMark(long record, Superblock found) throws IOException {
    Mark mark = new Mark(found.cleanId(), found.cleanLines());
    long end = record + geometry.window();
    for (long id = record + 1; id <= Math.min(end, record + geometry.segmentCount()); id++) {
      readHeader(id);
      if (follows(id, 0)) {
        mark = mark.max(new Mark(header.durableId(), header.durableLines()));
        end = id + geometry.window();
      }
    }
    return mark;
  }

  private void readHeader(long id) throws IOException {
    cache.read(geometry.slotOffset(geometry.slot(id)), segment, 0, Geometry.BLOCK);
    header.over(segment, 0);
  }

  /** The header just read is segment {@code id} of this cache, not older than its predecessor. */
  private boolean follows(long id, int incarnation) {
    boolean inOrder =
        header.incarnation() >= incarnation && header.incarnation() <= superblock.incarnation();
    return isOurs()
        && (header.id() == id || !rules.hold(Rule.HEADER_ID))
        && header.length() <= linesPerSegment
        && (inOrder || !rules.hold(Rule.INCARNATION_ORDER));
  }

  private boolean isOurs() {
    return header.isOurs(superblock.uuidHigh(), superblock.uuidLow())
        || !rules.hold(Rule.HEADER_IS_OURS);
  }

  /**
   * A device writes a sector or it does not, so a crash leaves a first sector that is blank or
   * sound. One that is neither may have been durable; unless its segment is written back.
   */
  private boolean isRotten(long id, long record) {
    boolean blank = header.id() == 0 && !header.hasExtension();
    boolean sound = header.hasExtension() && header.sectorOk();
    boolean writtenBack =
        header.id() > 0 && header.id() <= record && geometry.slot(header.id()) == geometry.slot(id);
    return !blank && !sound && !writtenBack;
  }

  private long walk(long record, Mark durable) throws IOException {
    int incarnation = 0;
    long last = record;
    for (long id = record + 1; id - record <= geometry.segmentCount(); id++) {
      readHeader(id);
      if (!follows(id, incarnation)) {
        if (durable.covers(id, 0) && rules.hold(Rule.DURABLE_IS_REQUIRED)) {
          throw damaged("the header of segment " + id + ", which was durable, is gone");
        }
        if (isRotten(id, record)) {
          throw damaged("where segment " + id + " should be, the first sector is damaged");
        }
        break;
      }
      incarnation = header.incarnation();
      boolean wasDurable = durable.id() > id;
      if (wasDurable && !metablocksOk()) {
        throw damaged("the metablocks of segment " + id + ", which was durable, are damaged");
      }
      int length = header.length();
      int good = wasDurable ? length : wholeGroups(id, durable);
      apply(id, good);
      last = id;
      if ((good < length && rules.hold(Rule.COMPLETE))
          || (!header.closed() && rules.hold(Rule.CLOSED))) {
        if (wasDurable) {
          throw damaged("segment " + id + " was durable, but its last header is not there");
        }
        tornId = id;
        tornLength = good;
        tornIncarnation = incarnation;
        break;
      }
    }
    return last;
  }

  private boolean metablocksOk() {
    return header.metablocksOk() || !rules.hold(Rule.METABLOCKS_CRC);
  }

  /** Verifies lines one by one; how many of them form whole groups. */
  private int wholeGroups(long id, Mark durable) throws IOException {
    int length = header.length();
    int whole = 0;
    if (length > 0) {
      cache.read(
          geometry.lineOffset(geometry.slot(id), 0),
          segment,
          Geometry.BLOCK,
          (long) length * Geometry.BLOCK);
    }
    for (int i = 0; i < length; i++) {
      int dataCrc = Crc32c.of(segment, (long) (1 + i) * Geometry.BLOCK, Geometry.BLOCK);
      // Data that was durable and does not fit its CRC is rot: the line is used, and answers EIO.
      if (!header.lineOk(i, dataCrc) && rules.hold(Rule.VERIFY_LINES)) {
        if (!durable.covers(id, i)) {
          break;
        }
        if (!metablocksOk()) {
          throw damaged("line " + i + " of segment " + id + ", which was durable, is damaged");
        }
      }
      if (header.groupEnd(i) || !rules.hold(Rule.WHOLE_GROUPS)) {
        whole = i + 1;
      }
    }
    return whole;
  }

  private void apply(long id, int length) throws IOException {
    replay.segment(id, length, header.incarnation());
    for (int i = 0; i < length; i++) {
      long sector = header.sector(i);
      boolean end = header.groupEnd(i);
      int crc = header.lineCrc(i);
      boolean zeroRun = header.zeroRun(i);
      if (!replay.fits(sector, zeroRun ? header.runBlocks(i) : 1)) {
        throw damaged("segment " + id + " line " + i + " cannot be for this backing device");
      }
      if (zeroRun) {
        replay.zeroRun(i, sector, header.runBlocks(i), end, crc);
      } else {
        replay.line(i, sector, header.mask(i), end, header.lost(i), crc);
      }
    }
  }

  // c, d

  private long repair(long record, long last) throws IOException {
    long newest = newestSeen(record, last);
    long window = geometry.window();
    Mark end = tornId == last && tornId != 0 ? new Mark(tornId, tornLength) : new Mark(last + 1, 0);
    for (long id = last + 1; id <= last + window; id++) {
      if (id - geometry.segmentCount() > record) {
        break; // the slot still holds a segment of the run
      }
      if (id <= newest && rules.hold(Rule.EMPTY_SEGMENTS)) {
        SegmentHeader.encodeEmpty(
            segment,
            0,
            id,
            superblock.uuidHigh(),
            superblock.uuidLow(),
            superblock.incarnation(),
            end.id(),
            end.lines());
        ring.restoreSegment(id, 0, superblock.incarnation());
      } else if (rules.hold(Rule.CLEAR_WINDOW)) {
        SegmentHeader.clear(segment, 0);
      } else {
        continue;
      }
      cache.write(geometry.slotOffset(geometry.slot(id)), segment, 0, Geometry.BLOCK);
    }
    flush(Rule.FLUSH_EMPTY_SEGMENTS);
    if (tornId != 0 && rules.hold(Rule.SHORTEN)) {
      shorten();
    }
    return newest;
  }

  /** M: the highest id behind T that a sound header of this cache names. */
  private long newestSeen(long record, long last) throws IOException {
    long newest = Math.max(last, record);
    for (long id = last + 1; id <= last + geometry.window(); id++) {
      readHeader(id);
      if (isOurs() && header.id() == id) {
        newest = id;
      }
    }
    if (newest - geometry.segmentCount() > record) {
      throw damaged(
          "segment " + newest + " lies where segments that are not written back should be");
    }
    return newest;
  }

  /**
   * Rewrites the header of the torn segment for its whole groups, closed, under its own
   * incarnation.
   */
  private void shorten() throws IOException {
    readHeader(tornId);
    long durableId = header.durableId();
    int durableLines = header.durableLines();
    int crc = 0;
    for (int i = 0; i < tornLength; i++) {
      cache.read(
          geometry.lineOffset(geometry.slot(tornId), i), segment, Geometry.BLOCK, Geometry.BLOCK);
      crc = Crc32c.combineBlock(crc, Crc32c.of(segment, Geometry.BLOCK, Geometry.BLOCK));
    }
    long metablocksEnd = SegmentHeader.metablocksEnd(tornLength);
    segment.asSlice(metablocksEnd, Geometry.BLOCK - metablocksEnd).fill((byte) 0);
    SegmentHeader.seal(
        segment,
        0,
        tornId,
        tornLength,
        superblock.uuidHigh(),
        superblock.uuidLow(),
        tornIncarnation,
        true,
        durableId,
        durableLines,
        crc);
    cache.write(geometry.slotOffset(geometry.slot(tornId)), segment, 0, Geometry.BLOCK);
    flush(Rule.FLUSH_SHORTENED);
  }

  private UnusableCacheException damaged(String what) {
    return new UnusableCacheException(
        UnusableCacheException.Kind.DAMAGED, cache.name() + ": " + what);
  }
}
