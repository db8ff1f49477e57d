package writeboost.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import writeboost.device.Blocking;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.index.ZeroRanges;
import writeboost.layout.Geometry;
import writeboost.layout.LapHeader;
import writeboost.layout.LapHeaderView;
import writeboost.layout.LapLayout;
import writeboost.layout.RecordSector;
import writeboost.layout.Superblock;

/**
 * Resume in layout v1, from a log of our own or one of the kernel module of 2013, which cannot be
 * told apart. One thread, before the core begins; waits for its I/O. It reads the header of every
 * slot.
 *
 * <pre>
 *   a  flush                              a killed process leaves data that is readable but volatile
 *   b  all headers, then the walk to T    whole headers one after the other, from behind the record
 *   c  the record, where it was behind; flush
 *   d  every header that names an id behind T is cleared; flush     new ids start at T+1
 * </pre>
 *
 * <p>Read-only: only (b).
 *
 * <p>What makes this safe although there is no checksum and no incarnation:
 *
 * <ul>
 *   <li>{@link LapWriter} writes a header only when its lines are durable, and over zeroes that are
 *       durable. So a header of ours is whole, or torn visibly: a part that is missing has the lap
 *       0. Whole means that the segment's lines are all there.
 *   <li>Lost or torn headers leave a hole; what is behind it was never promised, and goes. Its ids
 *       are given again in the same laps, so that only the id field says that it is old: hence (d)
 *       before anything else is written. Parts of a torn header whose first sector is missing name
 *       no such id and may stay: before the slot gets its next header, it is zeroed.
 *   <li>A crash within (d) leaves fewer headers behind the same hole. Only whole headers move T,
 *       and (d) writes none.
 *   <li>The module writes its record now and then only and reuses slots before that. So where a
 *       newer lap has gone over record+1, the run begins with the oldest segment that can be there;
 *       the slot of that one may hold a torn header of the segment behind the newest, for which the
 *       module had written it back. (c) makes that choice last.
 *   <li>The module may leave a newer line with fewer sectors than an older dirty one; it had put
 *       the older one's on the backing device, but not always durably. The older one stays dirty
 *       and is written back once more, before the newer one.
 * </ul>
 *
 * What it cannot see: a flipped bit, torn lines of a segment of the module's, and segments that an
 * earlier resume of the module's had dropped and left behind.
 */
public final class LapRecovery {

  private final Blocking cache;
  private final Superblock description;
  private final boolean readOnly;
  private final Geometry geometry;
  private final SegmentRing ring;
  private final Rules rules;
  private final Replay replay;

  private final Salvage salvage;

  private final HeaderReader reader;

  /** One block: a header. */
  private final MemorySegment block;

  private final LapHeaderView header = new LapHeaderView();

  /** The newest segment that a whole header names, 0 if there is none. */
  private long newestWhole;

  /** The highest id that any header names which is in its place. */
  private long highestNamed;

  /**
   * @param description what is known of the cache, in the form that a superblock of the other
   *     layout has; goes nowhere
   * @param block 4096 bytes, aligned to 4096
   * @param ahead memory to read headers to, one block at least, aligned to 4096
   * @param salvage whole segments behind a damaged one are dropped instead of refused
   */
  public LapRecovery(
      Blocking cache,
      Superblock description,
      boolean readOnly,
      SegmentRing ring,
      LineTable table,
      BlockIndex index,
      MemorySegment block,
      MemorySegment ahead,
      boolean salvage) {
    this.cache = cache;
    this.reader = new HeaderReader(cache, ring.geometry, ahead);
    this.description = description;
    this.readOnly = readOnly;
    this.ring = ring;
    this.rules = ring.rules;
    this.geometry = ring.geometry;
    this.replay = new Replay(ring, table, index, new ZeroRanges(), description.backingSizeBytes());
    this.block = block;
    this.salvage = new Salvage(cache.name(), salvage);
  }

  /** Fills ring, table and index, repairs the device unless read-only. */
  public Recovery.Result run() throws IOException {
    if (!readOnly && rules.hold(Rule.FLUSH_AT_START)) {
      cache.flush();
    }
    long record = readRecord();
    scan();
    long base = base(record);
    long last = walk(base);
    if (newestWhole > last + geometry.window()) {
      salvage.damaged(
          "segment %d is damaged, and segments up to %d behind it are whole: no crash leaves that"
              .formatted(last + 1, newestWhole));
    }
    if (!readOnly) {
      repair(record, base, last);
    }
    ring.restore(base, last);
    long dropped = Math.max(0, highestNamed - last);
    return new Recovery.Result(
        description, base, last, last, replay.dirtyLines(), dropped, salvage.list());
  }

  private long readRecord() throws IOException {
    cache.read(Geometry.RECORD_BLOCK_OFFSET, block, 0, Geometry.BLOCK);
    RecordSector sector = RecordSector.decode(block);
    if (sector.state() != RecordSector.State.ABSENT || sector.id() < 0) {
      throw salvage.refusal("the record of what is written back (sector 2047) is damaged");
    }
    return sector.id();
  }

  // b

  private void scan() throws IOException {
    for (int slot = 0; slot < geometry.segmentCount(); slot++) {
      readSlot(slot);
      if (isWhole(slot)) {
        newestWhole = Math.max(newestWhole, header.id());
      }
      if (isInPlace(slot)) {
        highestNamed = Math.max(highestNamed, header.id());
      }
    }
  }

  private void readSlot(int slot) throws IOException {
    reader.read(slot, block);
    header.over(block, 0);
  }

  private boolean isWhole(int slot) {
    boolean torn = !header.isWhole(geometry, slot) && rules.hold(Rule.LAP_IN_METABLOCKS);
    return isInPlace(slot) && header.length() <= geometry.linesPerSegment() && !torn;
  }

  /** The header just read names a segment that lives in {@code slot}. */
  private boolean isInPlace(int slot) {
    return header.id() > 0
        && geometry.slot(header.id()) == slot
        && header.lap() == (int) geometry.lap(header.id());
  }

  /** The run begins behind this segment. */
  private long base(long record) throws IOException {
    long overwritten = newestWhole - geometry.segmentCount();
    if (record > newestWhole + geometry.segmentCount()) {
      throw salvage.refusal(
          "the record names segment %d as written back, and the log ends with segment %d"
              .formatted(record, newestWhole));
    }
    if (overwritten < record) {
      return record;
    }
    readSlot(geometry.slot(overwritten + 1));
    boolean torn = isBeingOverwritten(overwritten + 1, newestWhole + 1);
    return torn ? overwritten + 1 : overwritten;
  }

  /** Whether the header just read is {@code older}'s in part, and {@code newer}'s in part. */
  private boolean isBeingOverwritten(long older, long newer) {
    if (header.id() != older) {
      return header.id() == newer;
    }
    for (int i = 0; i < Math.min(header.length(), geometry.linesPerSegment()); i++) {
      if (header.lap(i) == (int) geometry.lap(newer)) {
        return true;
      }
    }
    return false;
  }

  private long walk(long base) throws IOException {
    long last = base;
    for (long id = base + 1; id - base <= geometry.segmentCount(); id++) {
      int slot = geometry.slot(id);
      readSlot(slot);
      if (header.id() != id || !isWhole(slot)) {
        break;
      }
      apply(id);
      last = id;
    }
    return last;
  }

  private void apply(long id) throws IOException {
    int length = header.length();
    replay.segment(id, length, 0);
    for (int i = 0; i < length; i++) {
      if (header.mask(i) == 0) {
        continue; // clean, or passed over by a forced flush
      }
      if (!replay.fits(header.sector(i))) {
        throw salvage.refusal(
            "segment " + id + " line " + i + " cannot be for this backing device");
      }
      replay.lineBesides(i, header.sector(i), header.mask(i));
    }
  }

  // c, d

  private void repair(long record, long base, long last) throws IOException {
    if (base > record) {
      LapLayout.INSTANCE.encodeRecord(block, base);
      cache.write(Geometry.RECORD_BLOCK_OFFSET, block, 0, Geometry.BLOCK);
      cache.flush();
    }
    if (highestNamed <= last || !rules.hold(Rule.LAP_CLEAR_DROPPED)) {
      return;
    }
    for (int slot = 0; slot < geometry.segmentCount(); slot++) {
      readSlot(slot);
      if (isInPlace(slot) && header.id() > last) {
        LapHeader.clear(block, 0);
        cache.write(geometry.slotOffset(slot), block, 0, Geometry.BLOCK);
        reader.forget();
      }
    }
    cache.flush();
  }
}
