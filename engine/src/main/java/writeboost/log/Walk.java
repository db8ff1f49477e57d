package writeboost.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import writeboost.device.Blocking;
import writeboost.layout.Crc32c;
import writeboost.layout.Geometry;
import writeboost.layout.SegmentHeaderView;
import writeboost.layout.Superblock;
import writeboost.layout.UnusableCacheException;

/**
 * The way from the record to the end of the log (step b of {@link Recovery}): segments are entered
 * in the tables as long as they follow on each other. One thread.
 *
 * <p>Segments that the kernel module wrote, up to the adoption, are whole or not by its own
 * checksum. Ours are checked as far as they may be torn: what was durable needs a sound header now,
 * and its lines are checked when they are used.
 */
final class Walk {

  private final Blocking cache;
  private final Geometry geometry;
  private final Superblock superblock;
  private final Replay replay;
  private final MemorySegment memory;
  private final Headers headers;
  private final KernelSegment kernelSegment;
  private final Salvage salvage;
  private final Rules rules;
  private SegmentHeaderView header = new SegmentHeaderView();

  private long last;
  private boolean torn;
  private int tornLength;

  /**
   * @param superblock with the incarnation of this life
   * @param memory of one segment
   */
  Walk(
      Blocking cache,
      Superblock superblock,
      Replay replay,
      MemorySegment memory,
      Headers headers,
      Salvage salvage,
      Rules rules) {
    this.cache = cache;
    this.geometry = superblock.geometry();
    this.superblock = superblock;
    this.replay = replay;
    this.memory = memory;
    this.headers = headers;
    this.kernelSegment = new KernelSegment(cache, geometry, memory);
    this.salvage = salvage;
    this.rules = rules;
  }

  /** Goes as far as it can. */
  void run(long record, Mark durable) throws IOException {
    last = record;
    int incarnation = 0;
    for (long id = record + 1; headers.mayHoldWrites(id, record) && !torn; id++) {
      boolean kernels = id <= superblock.adoptedUpTo();
      boolean good = kernels ? takeKernel(id) : take(id, record, incarnation, durable);
      if (!good) {
        break;
      }
      incarnation = kernels ? incarnation : header.incarnation();
      last = id;
    }
    for (long id = last + 1; id <= last + geometry.window(); id++) {
      requireNoOtherWriter(id);
    }
  }

  /** T. */
  long last() {
    return last;
  }

  /** Whether a crash tore the last segment, so that it has to be rewritten. */
  boolean isTorn() {
    return torn;
  }

  /** Whole lines of the torn segment. */
  int tornLength() {
    return tornLength;
  }

  private boolean takeKernel(long id) throws IOException {
    if (!kernelSegment.read(id)) {
      salvage.damaged("segment " + id + ", which the kernel module wrote, is damaged");
      return false;
    }
    kernelSegment.requireFits(superblock.backingSizeBytes());
    kernelSegment.replay(replay, superblock.uuidHigh(), superblock.uuidLow(), null);
    return true;
  }

  private boolean take(long id, long record, int incarnation, Mark durable) throws IOException {
    header = headers.read(id);
    if (!headers.follows(id, incarnation)) {
      boolean rotten = isRotten(id, record);
      requireNoOtherWriter(id);
      if (durable.covers(id, 0) && rules.hold(Rule.DURABLE_IS_REQUIRED)) {
        salvage.damaged("the header of segment " + id + ", which was durable, is gone");
      } else if (rotten && rules.hold(Rule.TORN_SECTOR_IS_DAMAGE)) {
        salvage.damaged("where segment " + id + " should be, the first sector is damaged");
      }
      return false;
    }
    boolean wasDurable = durable.id() > id;
    if (wasDurable && !metablocksOk()) {
      salvage.damaged("the metablocks of segment " + id + ", which was durable, are damaged");
      return false;
    }
    int length = header.length();
    int good = wasDurable ? length : wholeGroups(id, durable);
    apply(id, good);
    if ((good < length && rules.hold(Rule.COMPLETE))
        || (!header.closed() && rules.hold(Rule.CLOSED))) {
      if (wasDurable) {
        salvage.damaged("segment " + id + " was durable, but its last header is not there");
      }
      torn = true;
      tornLength = good;
    }
    return true;
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
          memory,
          Geometry.BLOCK,
          (long) length * Geometry.BLOCK);
    }
    for (int i = 0; i < length; i++) {
      int dataCrc = Crc32c.of(memory, (long) (1 + i) * Geometry.BLOCK, Geometry.BLOCK);
      // Data that was durable and does not fit its CRC is rot: the line is used, and answers EIO.
      if (!header.lineOk(i, dataCrc) && rules.hold(Rule.VERIFY_LINES)) {
        if (!durable.covers(id, i)) {
          break;
        }
        if (!metablocksOk()) {
          salvage.damaged("line " + i + " of segment " + id + ", which was durable, is damaged");
          break;
        }
      }
      if (header.groupEnd(i) || !rules.hold(Rule.WHOLE_GROUPS)) {
        whole = i + 1;
      }
    }
    return whole;
  }

  private void apply(long id, int length) throws UnusableCacheException {
    replay.segment(id, length, header.incarnation());
    for (int i = 0; i < length; i++) {
      long sector = header.sector(i);
      boolean end = header.groupEnd(i);
      int crc = header.lineCrc(i);
      boolean zeroRun = header.zeroRun(i);
      if (!replay.fits(sector, zeroRun ? header.runBlocks(i) : 1)) {
        throw salvage.refusal(
            "segment " + id + " line " + i + " cannot be for this backing device");
      }
      if (zeroRun) {
        replay.zeroRun(i, sector, header.runBlocks(i), end, crc);
      } else {
        replay.line(i, sector, header.mask(i), end, header.lost(i), crc);
      }
    }
  }

  /**
   * A segment in the module's form behind the end of the log: what it holds is not ours to drop.
   */
  private void requireNoOtherWriter(long id) throws IOException {
    if (id > superblock.adoptedUpTo() && headers.read(id).isPlain() && kernelSegment.read(id)) {
      throw salvage.refusal(
          "the dm-writeboost kernel module has written segment %d behind the end of this log: let the module write everything back, then format"
              .formatted(id));
    }
  }
}
