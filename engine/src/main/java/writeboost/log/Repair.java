package writeboost.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import writeboost.device.Blocking;
import writeboost.layout.Crc32c;
import writeboost.layout.Geometry;
import writeboost.layout.SegmentHeader;
import writeboost.layout.SegmentHeaderView;
import writeboost.layout.Superblock;

/**
 * Makes sure that what a resume has dropped never comes back (steps c and d of {@link Recovery}).
 * One thread.
 */
final class Repair {

  private final Blocking cache;
  private final Geometry geometry;
  private final Superblock superblock;
  private final SegmentRing ring;
  private final Rules rules;
  private final MemorySegment memory;
  private final Headers headers;
  private final Salvage salvage;

  Repair(
      Blocking cache,
      Superblock superblock,
      SegmentRing ring,
      MemorySegment memory,
      Headers headers,
      Salvage salvage) {
    this.cache = cache;
    this.geometry = superblock.geometry();
    this.superblock = superblock;
    this.ring = ring;
    this.rules = ring.rules;
    this.memory = memory;
    this.headers = headers;
    this.salvage = salvage;
  }

  /** Repairs; M, behind which new ids start. */
  long run(long record, Walk walk, Mark durable) throws IOException {
    long last = walk.last();
    long newest = newestSeen(record, last);
    long end = last + geometry.window();
    if (salvage.happened()) {
      // What was dropped may reach farther than a window, and what says so stays on the device.
      long used = Math.min(durable.lastId(), record + geometry.segmentCount() - 1);
      newest = Math.max(newest, Math.max(used, superblock.adoptedUpTo()));
      end = Math.max(end, newest);
    }
    Mark mark = walk.isTorn() ? new Mark(last, walk.tornLength()) : new Mark(last + 1, 0);
    // Beyond that the slots still hold segments of the run.
    end = Math.min(end, record + geometry.segmentCount());
    for (long id = last + 1; id <= end; id++) {
      if (id <= newest && rules.hold(Rule.EMPTY_SEGMENTS)) {
        writeEmpty(id, mark);
      } else if (rules.hold(Rule.CLEAR_WINDOW)) {
        SegmentHeader.clear(memory, 0);
        writeHeader(id);
      }
    }
    flush(Rule.FLUSH_EMPTY_SEGMENTS);
    if (walk.isTorn() && rules.hold(Rule.SHORTEN)) {
      shorten(last, walk.tornLength());
    }
    return newest;
  }

  /** M: the highest id behind T that a sound header of this cache names, copies not counted. */
  private long newestSeen(long record, long last) throws IOException {
    long newest = last;
    long end = last + geometry.window();
    if (salvage.happened()) {
      end = Math.max(end, record + geometry.segmentCount());
    }
    for (long id = last + 1; id <= end; id++) {
      SegmentHeaderView header = headers.read(id);
      boolean copies = id - record == geometry.segmentCount() && !headers.mayHoldWrites(id, record);
      if (headers.isOf(id) && !copies) {
        newest = id;
        salvage.notUsed(
            "segment "
                + id
                + ": "
                + header.length()
                + " lines"
                + sectors(header, ", of the sectors"));
      }
    }
    if (newest - geometry.segmentCount() > record) {
      throw salvage.refusal(
          "segment " + newest + " lies where segments that are not written back should be");
    }
    return newest;
  }

  private static String sectors(SegmentHeaderView header, String before) {
    if (!header.metablocksOk()) {
      return ", which ones is not known";
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < header.length(); i++) {
      text.append(i == 0 ? before : "").append(' ').append(header.sector(i));
    }
    return text.toString();
  }

  private void writeEmpty(long id, Mark mark) throws IOException {
    SegmentHeader.encodeEmpty(
        memory,
        0,
        id,
        superblock.uuidHigh(),
        superblock.uuidLow(),
        superblock.incarnation(),
        mark.id(),
        mark.lines());
    ring.restoreSegment(id, 0, superblock.incarnation());
    writeHeader(id);
  }

  private void writeHeader(long id) throws IOException {
    cache.write(geometry.slotOffset(geometry.slot(id)), memory, 0, Geometry.BLOCK);
    headers.written();
  }

  /**
   * Rewrites the header of the torn segment for its whole groups, closed, under its own
   * incarnation.
   */
  private void shorten(long id, int length) throws IOException {
    SegmentHeaderView header = headers.read(id);
    int incarnation = header.incarnation();
    long durableId = header.durableId();
    int durableLines = header.durableLines();
    int crc = 0;
    for (int i = 0; i < length; i++) {
      cache.read(geometry.lineOffset(geometry.slot(id), i), memory, Geometry.BLOCK, Geometry.BLOCK);
      crc = Crc32c.combineBlock(crc, Crc32c.of(memory, Geometry.BLOCK, Geometry.BLOCK));
    }
    long metablocksEnd = SegmentHeader.metablocksEnd(length);
    memory.asSlice(metablocksEnd, Geometry.BLOCK - metablocksEnd).fill((byte) 0);
    SegmentHeader.seal(
        memory,
        0,
        id,
        length,
        superblock.uuidHigh(),
        superblock.uuidLow(),
        incarnation,
        true,
        durableId,
        durableLines,
        crc);
    writeHeader(id);
    flush(Rule.FLUSH_SHORTENED);
  }

  private void flush(Rule rule) throws IOException {
    if (rules.hold(rule)) {
      cache.flush();
    }
  }
}
