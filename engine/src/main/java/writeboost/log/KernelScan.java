package writeboost.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import writeboost.device.Blocking;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.index.ZeroRanges;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.RecordSector;
import writeboost.layout.SegmentHeaderView;
import writeboost.layout.UnusableCacheException;

/**
 * What the kernel module has left on a cache device: reads all of it, decides which segments count,
 * and fills the tables with them (DESIGN section 7). Writes nothing. One thread.
 *
 * <pre>
 *   ids:   ...  base | base + 1 ... last | last + 1 ... newest
 *                 ^      ^ whole, in order  ^ the first one that is not, and what is behind it: dropped
 *                 the record, or what one lap leaves; whatever is here is on the backing device
 * </pre>
 *
 * A crash leaves a bad segment at the end. Whole ones behind a bad one are no crash but damage, or
 * a device that lost what it had acknowledged: they are dropped only where salvage is wanted.
 */
public final class KernelScan {

  /** The module computes sector numbers of the cache device in 32 bits. */
  private static final long KERNEL_SECTORS = 1L << 32;

  private final Blocking cache;
  private final Geometry geometry;
  private final SegmentRing ring;
  private final long backingBytes;
  private final Replay replay;
  private final Leftovers leftovers;
  private final MemorySegment memory;
  private final KernelSegment segment;
  private final Salvage salvage;
  private final List<Integer> strays = new ArrayList<>();

  /**
   * @param memory of one segment, aligned to 4096
   * @param salvage what lies behind damage is dropped, and listed, instead of refused
   */
  public KernelScan(
      Blocking cache,
      SegmentRing ring,
      LineTable table,
      BlockIndex index,
      long backingBytes,
      MemorySegment memory,
      boolean salvage) {
    this.cache = cache;
    this.geometry = ring.geometry;
    this.ring = ring;
    this.backingBytes = backingBytes;
    this.replay = new Replay(ring, table, index, new ZeroRanges(), backingBytes);
    this.memory = memory;
    this.salvage = new Salvage(cache.name(), salvage);
    this.segment = new KernelSegment(cache, geometry, memory);
    this.leftovers = new Leftovers(ring, table);
  }

  /**
   * What was found.
   *
   * @param base everything up to this id is on the backing device
   * @param last the newest segment that counts; {@code base} if there is none
   * @param newest the highest id that was ever used
   * @param strays slots with ids that belong to no such log
   * @param leftovers what has to be written to the backing device before anything else
   * @param dirtyLines lines to be written back
   * @param notUsed what was dropped, a line for people each
   */
  public record Found(
      long base,
      long last,
      long newest,
      List<Integer> strays,
      Leftovers leftovers,
      long dirtyLines,
      List<String> notUsed) {

    /**
     * Writes what a newer, partial line does not have. Only once nothing can be refused any more.
     */
    public void settle(Blocking backing, Blocking cache, long uuidHigh, long uuidLow)
        throws IOException {
      leftovers.writeTo(backing, cache, uuidHigh, uuidLow);
    }
  }

  /**
   * Reads everything and fills ring, table and index.
   *
   * @param uuidHigh with {@code uuidLow}: what the CRCs of the lines in the table are to be of
   */
  public Found run(long uuidHigh, long uuidLow, Formatter.Progress progress) throws IOException {
    long recorded = readRecord();
    long newest = newest(recorded, progress);
    long base = base(recorded, newest);
    newest = Math.max(newest, base);
    long last = base;
    while (last < newest && segment.read(last + 1)) {
      last++;
      progress.cleared((last - base) * geometry.segmentBytes(), logBytes(newest - base));
      segment.requireFits(backingBytes);
      segment.replay(replay, uuidHigh, uuidLow, leftovers);
    }
    lookBehind(last, newest);
    progress.cleared(logBytes(newest - base), logBytes(newest - base));
    ring.restore(base, newest);
    return new Found(
        base, last, newest, List.copyOf(strays), leftovers, replay.dirtyLines(), salvage.list());
  }

  private long logBytes(long segments) {
    return Math.max(1, segments) * geometry.segmentBytes();
  }

  private long readRecord() throws IOException {
    cache.read(Geometry.RECORD_BLOCK_OFFSET, memory, 0, Geometry.BLOCK);
    RecordSector sector = RecordSector.decode(memory);
    if (sector.state() == RecordSector.State.DAMAGED
        || sector.id() < 0
        || sector.id() > Geometry.MAXIMUM_ID) {
      salvage.damaged(
          "the record of what is written back (sector 2047) is damaged: all that is there is taken"
              + " for not written back");
      return 0;
    }
    return sector.id();
  }

  /** Reads all headers; the newest id of the log that they form, 0 if there is none. */
  private long newest(long recorded, Formatter.Progress progress) throws IOException {
    int slots = geometry.segmentCount();
    long[] ids = new long[slots];
    long newest = 0;
    for (int slot = 0; slot < slots; slot++) {
      progress.cleared(0, 1);
      SegmentHeaderView header = segment.readHeader(slot);
      long id = header.id();
      boolean fits = id > 0 && id <= Geometry.MAXIMUM_ID && geometry.slot(id) == slot;
      if (!fits && id != 0 && (id < 0 || id > recorded)) {
        salvage.damaged(
            "slot %d holds segment %s, which belongs elsewhere: the device has another size than the module gave it, or is damaged"
                .formatted(slot, Long.toUnsignedString(id)));
        strays.add(slot);
      }
      ids[slot] = fits ? id : 0;
      newest = Math.max(newest, ids[slot]);
    }
    if (salvage.isWanted()) {
      newest = bestFounded(ids);
    }
    requireNoWrap(newest);
    return newest;
  }

  /** The id that most others agree with: as many as can be lie less than a lap below it. */
  private long bestFounded(long[] ids) throws UnusableCacheException {
    long[] sorted = LongStream.of(ids).filter(id -> id > 0).sorted().toArray();
    long best = 0;
    int most = 0;
    int first = 0;
    for (int i = 0; i < sorted.length; i++) {
      while (sorted[first] <= sorted[i] - ids.length) {
        first++;
      }
      if (i - first + 1 >= most) {
        most = i - first + 1;
        best = sorted[i];
      }
    }
    for (int slot = 0; slot < ids.length; slot++) {
      if (ids[slot] > best) {
        salvage.damaged("slot " + slot + " holds segment " + ids[slot] + ", which fits no other");
        strays.add(slot);
      }
    }
    return best;
  }

  private void requireNoWrap(long newest) throws UnusableCacheException {
    long sectors = geometry.logEnd() / Geometry.SECTOR;
    long perSegment = geometry.segmentBytes() / Geometry.SECTOR;
    if (sectors > KERNEL_SECTORS && newest > KERNEL_SECTORS / perSegment - 2) {
      throw salvage.refusal("the module overwrites itself on cache devices of 2 TiB and more");
    }
  }

  private long base(long recorded, long newest) throws UnusableCacheException {
    long oldest = Math.max(0, newest - geometry.segmentCount());
    if (recorded > newest + geometry.segmentCount()) {
      salvage.damaged(
          "the record says that segment %d is written back, and the newest one is %d: all that is there is taken for not written back"
              .formatted(recorded, newest));
      return oldest;
    }
    return Math.max(recorded, oldest);
  }

  /** Whole segments behind the end of the run are no torn tail. */
  private void lookBehind(long last, long newest) throws IOException {
    for (long id = last + 1; id <= newest; id++) {
      boolean whole = segment.read(id) && !segment.isOfAdoption();
      if (whole && !salvage.happened()) {
        salvage.damaged(
            "segment %d is damaged, and segment %d behind it is whole".formatted(last + 1, id));
      }
    }
    for (long id = last + 1; id <= newest && salvage.happened(); id++) {
      boolean whole = segment.read(id);
      if (segment.headerId() != id) {
        salvage.notUsed("segment " + id + ": is not there");
      } else if (!segment.isOfAdoption()) {
        salvage.notUsed(segment.describe() + (whole ? "" : " (damaged)"));
      }
    }
  }
}
