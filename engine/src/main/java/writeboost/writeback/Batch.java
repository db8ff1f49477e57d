package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import writeboost.effect.Effects;
import writeboost.index.LineTable;
import writeboost.layout.Geometry;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.Rule;

/**
 * The segments that are written back together, gathered in memory of our own: copied from RAM
 * buffers where they are still there, read from the cache device otherwise. Under the core's lock,
 * but for {@link #copy}.
 *
 * <p>Nothing of the log is held on to while the backing device works: it may hang for as long as it
 * likes.
 */
final class Batch {

  private static final int SEGMENTS_MAX = 32;
  private static final int BYTES_MAX = 16 << 20;

  private final Log log;
  private final WritebackPlan plan;
  private final MemorySegment memory;
  private final GatheredSegment[] segments;

  private int wanted = SEGMENTS_MAX;
  private long firstId;
  private long lastId;

  /**
   * @param memory begins with {@link #bytes} that are ours
   */
  Batch(Log log, LineCheck check, WritebackPlan plan, MemorySegment memory, Writeback writeback) {
    this.log = log;
    this.plan = plan;
    this.memory = memory;
    segments = new GatheredSegment[segmentsMax(log.geometry)];
    for (int i = 0; i < segments.length; i++) {
      long base = (long) i * log.geometry.segmentBytes();
      segments[i] = new GatheredSegment(writeback, i, log, check, memory, base);
    }
  }

  void setSegments(int most) {
    wanted = most;
  }

  int segments() {
    return Math.min(wanted, segments.length);
  }

  static long bytes(Geometry geometry) {
    return (long) segmentsMax(geometry) * geometry.segmentBytes();
  }

  private static int segmentsMax(Geometry geometry) {
    int most = Math.min(SEGMENTS_MAX, geometry.segmentCount());
    return Math.clamp(BYTES_MAX / geometry.segmentBytes(), 1, most);
  }

  /**
   * Gathers the oldest segments behind {@code sweptId}; returns how many of them are on their way.
   *
   * @param patient a read that the cache device refuses is to be tried again
   */
  int collect(long sweptId, boolean patient, Effects effects) {
    firstId = sweptId + 1;
    lastId = Math.min(newestAllowed(), sweptId + segments());
    plan.clear();
    int inFlight = 0;
    for (long id = firstId; id <= lastId; id++) {
      GatheredSegment segment = segment(id);
      segment.begin(id, patient);
      collect(id, segment);
      inFlight += segment.gather(effects) ? 1 : 0;
    }
    return inFlight;
  }

  /** The newest segment that may be written back: closed and durable, with all before it. */
  long newestAllowed() {
    if (log.rules.hold(Rule.WRITE_BACK_DURABLE_ONLY)) {
      return log.durableId();
    }
    return log.current() == null ? log.ring.newestId() : log.ring.newestId() - 1;
  }

  private void collect(long id, GatheredSegment segment) {
    long first = log.ring.position(id, 0);
    for (int i = 0; i < log.ring.length(id); i++) {
      int line = log.ring.line(first + i);
      if (!log.table.has(line, LineTable.DIRTY)) {
        continue;
      }
      if (log.table.has(line, LineTable.ZERO_RUN)) {
        plan.addZeroRun(log.table.block(line), log.table.runBlocks(line));
      } else if (!log.isZeroedForGood(first + i)) {
        segment.want(i);
      }
    }
  }

  private GatheredSegment segment(long id) {
    return segments[(int) (id - firstId)];
  }

  /** The read of segment {@code number} is answered; true where it failed for good. */
  boolean readDone(int number, int error, Effects effects) {
    return segments[number].readDone(error, effects);
  }

  /** All is gathered: plans what may be written back, which is neither damaged nor lost. */
  void plan() {
    for (long id = firstId; id <= lastId; id++) {
      GatheredSegment segment = segment(id);
      long first = log.ring.position(id, 0);
      for (int i = 0; i < log.ring.length(id); i++) {
        if (segment.isWanted(i) && !segment.isLeft(i)) {
          int line = log.ring.line(first + i);
          int lost = log.table.lost(line);
          if (lost != 0) {
            segment.leave(i);
          }
          plan.add(log.table.block(line), log.table.sectors(line) & ~lost, first + i);
        }
      }
    }
  }

  /** Copies a part of the line at {@code position}; outside the lock, any thread. */
  void copy(long position, long within, long bytes, MemorySegment to, long toOffset) {
    long line = segment(log.ring.idOf(position)).line(log.ring.indexOf(position));
    MemorySegment.copy(memory, line + within, to, toOffset, bytes);
  }

  /** The backing device does not take the line at {@code position}. */
  void leave(long position) {
    segment(log.ring.idOf(position)).leave(log.ring.indexOf(position));
  }

  /** All of it is on the backing device for good, but for the lines that are left. */
  void clean() {
    for (long id = firstId; id <= lastId; id++) {
      GatheredSegment segment = segment(id);
      long first = log.ring.position(id, 0);
      int length = log.ring.length(id);
      for (int i = 0; i < length; i++) {
        if (!segment.isLeft(i)) {
          log.clean(first + i);
        }
      }
    }
  }

  long lastId() {
    return lastId;
  }

  /** Lines that are damaged, or could not be read. */
  int damaged() {
    int damaged = 0;
    for (long id = firstId; id <= lastId; id++) {
      damaged += segment(id).damaged();
    }
    return damaged;
  }
}
