package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import writeboost.effect.Effects;
import writeboost.index.LineTable;
import writeboost.layout.Geometry;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.Rule;

/**
 * The segments that are written back together. Under the core's lock, but for {@link #copy}.
 *
 * <p>A batch that fits the memory it has is <em>gathered</em>: copied from RAM buffers where they
 * are still there, read from the cache device segment by segment otherwise. Of a larger one (a
 * sweep of the whole log) every {@link Extent} gets its own lines.
 *
 * <p>Nothing of the log is held on to while the backing device works: it may hang for as long as it
 * likes. The slots of a batch stay what they are until all of it is clean.
 */
final class Batch {

  /** Lines that are planned at once at the most: 4 GiB of data, 17 bytes of heap for each. */
  private static final int LINES_MAX = 1 << 20;

  /** Segments that are looked through under the lock in one go. */
  private static final int STEP = 32;

  private static final int GATHERED_MAX = 32;
  private static final int BYTES_MAX = 16 << 20;

  private final Log log;
  private final WritebackPlan plan;
  private final MemorySegment memory;
  private final GatheredSegment[] segments;

  /**
   * Lines that are not written back, or not all of them: they stay dirty. By their distance from
   * the first one.
   */
  private final BitSet left = new BitSet();

  private boolean patient;
  private long firstId;
  private long lastId;
  private long nextId;
  private int damaged;

  /**
   * @param memory begins with {@link #bytes} that are ours
   */
  Batch(Log log, LineCheck check, WritebackPlan plan, MemorySegment memory, Writeback writeback) {
    this.log = log;
    this.plan = plan;
    this.memory = memory;
    segments = new GatheredSegment[gatheredMax(log.geometry)];
    for (int i = 0; i < segments.length; i++) {
      long base = (long) i * log.geometry.segmentBytes();
      segments[i] = new GatheredSegment(writeback, this, i, log, check, memory, base);
    }
  }

  static long bytes(Geometry geometry) {
    return (long) gatheredMax(geometry) * geometry.segmentBytes();
  }

  private static int gatheredMax(Geometry geometry) {
    int most = Math.clamp(geometry.segmentCount() / 4, 1, GATHERED_MAX); // no second log in RAM
    return Math.clamp(BYTES_MAX / geometry.segmentBytes(), 1, most);
  }

  /**
   * Takes the oldest segments behind {@code sweptId}, so many at the most.
   *
   * @param newPatient a read that the cache device refuses is to be tried again
   */
  void begin(long sweptId, int segmentsWanted, boolean newPatient) {
    int most = Math.min(segmentsWanted, LINES_MAX / log.geometry.linesPerSegment());
    patient = newPatient;
    firstId = sweptId + 1;
    lastId = Math.min(newestAllowed(), sweptId + most);
    nextId = firstId;
    damaged = 0;
    left.clear();
    plan.clear();
  }

  /** The newest segment that may be written back: closed and durable, with all before it. */
  long newestAllowed() {
    if (log.rules.hold(Rule.WRITE_BACK_DURABLE_ONLY)) {
      return log.durableId();
    }
    return log.current() == null ? log.ring.newestId() : log.ring.newestId() - 1;
  }

  /** Segments of this batch, or of the last one. */
  int segments() {
    return (int) (lastId - firstId + 1);
  }

  boolean isGathered() {
    return segments() <= segments.length;
  }

  boolean isPatient() {
    return patient;
  }

  /** Looks through some more segments for what is dirty; false if those were the last ones. */
  boolean collect() {
    long end = Math.min(lastId, nextId + STEP - 1);
    for (; nextId <= end; nextId++) {
      if (isGathered()) {
        segment(nextId).begin(nextId);
      }
      collect(nextId);
    }
    return nextId <= lastId;
  }

  private void collect(long id) {
    long first = log.ring.position(id, 0);
    for (int i = 0; i < log.ring.length(id); i++) {
      int line = log.ring.line(first + i);
      if (!log.table.has(line, LineTable.DIRTY)) {
        continue;
      }
      if (log.table.has(line, LineTable.ZERO_RUN)) {
        plan.addZeroRun(log.table.block(line), log.table.runBlocks(line), first + i);
      } else if (log.isZeroedForGood(first + i)) {
        continue;
      } else if (isGathered()) {
        segment(id).want(i);
      } else {
        plan(first + i);
      }
    }
  }

  /** Gathers what was found, if it is to be; returns how many segments are on their way. */
  int gather(Effects effects) {
    int inFlight = 0;
    for (long id = firstId; isGathered() && id <= lastId; id++) {
      inFlight += segment(id).gather(effects) ? 1 : 0;
    }
    return inFlight;
  }

  private GatheredSegment segment(long id) {
    return segments[(int) (id - firstId)];
  }

  /** The read of segment {@code number} is answered; true where it failed for good. */
  boolean readDone(int number, int error, Effects effects) {
    return segments[number].readDone(error, effects);
  }

  /** All is gathered: plans what may be written back, which is neither damaged nor lost. */
  void planGathered() {
    for (long id = firstId; isGathered() && id <= lastId; id++) {
      long first = log.ring.position(id, 0);
      for (int i = 0; i < log.ring.length(id); i++) {
        if (segment(id).isWanted(i) && !isLeft(first + i)) {
          plan(first + i);
        }
      }
    }
  }

  private void plan(long position) {
    int line = log.ring.line(position);
    int lost = log.table.lost(line);
    if (lost != 0) {
      leave(position);
    }
    plan.add(log.table.block(line), log.table.sectors(line) & ~lost, position);
  }

  /** Whether the line need still be written back: nothing newer has made that superfluous. */
  boolean isDirty(long position) {
    return log.table.has(log.ring.line(position), LineTable.DIRTY);
  }

  /** Copies the gathered line at {@code position}; outside the lock, any thread. */
  void copy(long position, MemorySegment to, long toOffset) {
    long line = segment(log.ring.idOf(position)).line(log.ring.indexOf(position));
    MemorySegment.copy(memory, line, to, toOffset, Geometry.BLOCK);
  }

  /** The line at {@code position} stays dirty. */
  void leave(long position) {
    left.set(Math.toIntExact(position - log.ring.position(firstId, 0)));
  }

  /** The line at {@code position} is damaged, or cannot be read; it stays dirty. */
  void leaveDamaged(long position) {
    leave(position);
    damaged++;
  }

  boolean isLeft(long position) {
    return left.get((int) (position - log.ring.position(firstId, 0)));
  }

  /** The line at {@code position} is on the backing device for good, unless it is left. */
  void clean(long position) {
    if (!isLeft(position)) {
      log.clean(position);
    }
  }

  /** All of the batch has had its turn, and marking it clean begins. */
  void beginCleaning() {
    nextId = firstId;
  }

  /**
   * Marks some more segments clean, but for what is left; returns the last one of them, which is
   * {@link #lastId} at the end.
   */
  long cleanSome() {
    long end = Math.min(lastId, nextId + STEP - 1);
    for (; nextId <= end; nextId++) {
      long first = log.ring.position(nextId, 0);
      int length = log.ring.length(nextId);
      for (int i = 0; i < length; i++) {
        clean(first + i);
      }
    }
    return end;
  }

  long lastId() {
    return lastId;
  }

  /** Lines that are damaged, or could not be read. */
  int damaged() {
    return damaged;
  }
}
