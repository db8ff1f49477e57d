package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.index.LineTable;
import writeboost.layout.Geometry;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.SegmentBuffer;

/**
 * The segments that are written back together, and where their lines are to be found: in a RAM
 * buffer that is pinned meanwhile, or in memory of our own that they are read into. Under the
 * core's lock, but for {@link #copy}.
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
  private final @Nullable SegmentBuffer[] pinned;

  private long firstId;
  private long lastId;

  /**
   * @param memory begins with {@link #bytes} that are ours
   */
  Batch(
      Log log,
      LineCheck check,
      WritebackPlan plan,
      MemorySegment memory,
      DeviceOperation.Owner owner) {
    this.log = log;
    this.check = check;
    this.plan = plan;
    this.memory = memory;
    segmentsMax = segmentsMax(log.geometry);
    reads = new DeviceOperation[segmentsMax];
    pinned = new SegmentBuffer[segmentsMax];
    for (int i = 0; i < segmentsMax; i++) {
      reads[i] = new DeviceOperation(owner);
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
    lastId = Math.min(log.durableId(), firstId + segmentsMax - 1);
    plan.clear();
    int inFlight = 0;
    for (long id = firstId; id <= lastId; id++) {
      inFlight += collect(id, effects);
    }
    return inFlight;
  }

  private int collect(long id, Effects effects) {
    long first = log.ring.position(id, 0);
    int from = -1;
    int to = 0;
    for (int i = 0; i < log.ring.length(id); i++) {
      int line = log.ring.line(first + i);
      if (log.table.has(line, LineTable.DIRTY)) {
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
      buffer.pins++;
      pinned[k] = buffer;
      return 0;
    }
    long offset = log.geometry.lineOffset(log.geometry.slot(id), from);
    reads[k].target = DeviceOperation.Target.CACHE;
    reads[k].request.set(
        Operation.READ, 0, offset, (long) (to - from) * Geometry.BLOCK, memory, ownLine(id, from));
    effects.submit(reads[k]);
    return 1;
  }

  /** Where line {@code i} of a segment lies in {@link #memory} once it is read. */
  private long ownLine(long id, int i) {
    return (id - firstId) * log.geometry.segmentBytes() + (long) Geometry.BLOCK * (1 + i);
  }

  /**
   * Copies a part of the line at {@code position}; outside the lock, any thread, until {@link
   * #letGo}.
   *
   * @return false where the line is damaged, or has sectors that are lost already: it must not
   *     reach the backing device
   */
  boolean copy(long position, long within, long bytes, MemorySegment to, long toOffset) {
    long id = log.ring.idOf(position);
    int i = log.ring.indexOf(position);
    SegmentBuffer buffer = pinned[(int) (id - firstId)];
    MemorySegment from = buffer == null ? memory : buffer.memory;
    long line = buffer == null ? ownLine(id, i) : buffer.lineBase(i);
    boolean intact = buffer != null || check.isIntact(id, i, from, line);
    MemorySegment.copy(from, line + within, to, toOffset, bytes);
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

  void letGo() {
    for (int i = 0; i < pinned.length; i++) {
      SegmentBuffer buffer = pinned[i];
      if (buffer != null) {
        buffer.pins--;
        pinned[i] = null;
      }
    }
  }

  @Override
  public String toString() {
    return "segments " + firstId + " to " + lastId;
  }
}
