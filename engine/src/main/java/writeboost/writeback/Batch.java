package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Work;
import writeboost.index.LineTable;
import writeboost.layout.Geometry;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.Rule;
import writeboost.log.SegmentBuffer;

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
  private final LineCheck check;
  private final WritebackPlan plan;
  private final MemorySegment memory;
  private final int segmentsMax;
  private final DeviceOperation[] reads;
  private final Copy[] copies;

  private long firstId;
  private long lastId;

  /**
   * @param memory begins with {@link #bytes} that are ours
   */
  Batch(Log log, LineCheck check, WritebackPlan plan, MemorySegment memory, Writeback writeback) {
    this.log = log;
    this.check = check;
    this.plan = plan;
    this.memory = memory;
    segmentsMax = segmentsMax(log.geometry);
    reads = new DeviceOperation[segmentsMax];
    copies = new Copy[segmentsMax];
    for (int i = 0; i < segmentsMax; i++) {
      reads[i] = new DeviceOperation(writeback);
      copies[i] = new Copy(writeback);
    }
  }

  static long bytes(Geometry geometry) {
    return (long) segmentsMax(geometry) * geometry.segmentBytes();
  }

  private static int segmentsMax(Geometry geometry) {
    int most = Math.min(SEGMENTS_MAX, geometry.segmentCount());
    return Math.clamp(BYTES_MAX / geometry.segmentBytes(), 1, most);
  }

  /**
   * Plans the oldest segments that are not written back; returns how many reads of the cache device
   * are on their way.
   */
  int collect(Effects effects) {
    firstId = log.ring.writtenBackId() + 1;
    lastId = Math.min(newestAllowed(), firstId + segmentsMax - 1);
    plan.clear();
    int inFlight = 0;
    for (long id = firstId; id <= lastId; id++) {
      inFlight += collect(id, effects);
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

  private int collect(long id, Effects effects) {
    long first = log.ring.position(id, 0);
    int from = -1;
    int to = 0;
    for (int i = 0; i < log.ring.length(id); i++) {
      int line = log.ring.line(first + i);
      if (!log.table.has(line, LineTable.DIRTY)) {
        continue;
      }
      if (log.table.has(line, LineTable.ZERO_RUN)) {
        plan.addZeroRun(log.table.block(line), log.table.runBlocks(line));
      } else if (!log.isZeroedForGood(first + i)) {
        plan.add(log.table.block(line), log.table.sectors(line), first + i);
        from = from < 0 ? i : from;
        to = i + 1;
      }
    }
    if (to == 0) {
      return 0;
    }
    int k = (int) (id - firstId);
    SegmentBuffer buffer = log.bufferOf(id);
    if (buffer != null) {
      copies[k].begin(buffer, from, to, effects);
    } else {
      long offset = log.geometry.lineOffset(log.geometry.slot(id), from);
      long bytes = (long) (to - from) * Geometry.BLOCK;
      reads[k].target = DeviceOperation.Target.CACHE;
      reads[k].request.set(Operation.READ, 0, offset, bytes, memory, ownLine(id, from));
      effects.submit(reads[k]);
    }
    return 1;
  }

  /** Takes lines out of a RAM buffer, which is pinned only while that lasts. */
  private final class Copy extends Work {
    private final Writeback writeback;
    private @Nullable SegmentBuffer buffer;
    private int from;
    private int to;

    Copy(Writeback writeback) {
      this.writeback = writeback;
    }

    void begin(SegmentBuffer newBuffer, int newFrom, int newTo, Effects effects) {
      buffer = newBuffer;
      from = newFrom;
      to = newTo;
      newBuffer.pins++;
      effects.run(this);
    }

    private SegmentBuffer source() {
      return Objects.requireNonNull(buffer);
    }

    @Override
    public void run() {
      SegmentBuffer source = source();
      long bytes = (long) (to - from) * Geometry.BLOCK;
      MemorySegment.copy(
          source.memory, source.lineBase(from), memory, ownLine(source.id, from), bytes);
    }

    @Override
    public void finished(Effects effects) {
      source().pins--;
      buffer = null;
      writeback.gathered(effects);
    }
  }

  /** Where line {@code i} of a segment lies in {@link #memory} once it is read. */
  private long ownLine(long id, int i) {
    return (id - firstId) * log.geometry.segmentBytes() + (long) Geometry.BLOCK * (1 + i);
  }

  /**
   * Copies a part of the line at {@code position}; outside the lock, any thread.
   *
   * @return false where the line is damaged, or has sectors that are lost already: it must not
   *     reach the backing device
   */
  boolean copy(long position, long within, long bytes, MemorySegment to, long toOffset) {
    long id = log.ring.idOf(position);
    int i = log.ring.indexOf(position);
    long line = ownLine(id, i);
    boolean intact = check.isIntact(id, i, memory, line);
    MemorySegment.copy(memory, line + within, to, toOffset, bytes);
    return intact && log.table.lost(log.ring.line(position)) == 0;
  }

  /** All of it is on the backing device for good. */
  void clean() {
    for (long id = firstId; id <= lastId; id++) {
      long first = log.ring.position(id, 0);
      int length = log.ring.length(id);
      for (int i = 0; i < length; i++) {
        log.clean(first + i);
      }
    }
    log.ring.writtenBack(lastId);
  }

  @Override
  public String toString() {
    return "segments " + firstId + " to " + lastId;
  }
}
