package writeboost.log;

import java.lang.foreign.MemorySegment;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.layout.Geometry;

/**
 * Writes frozen groups to the cache device in layout v2: segments in id order, a few at once, one
 * write in flight per segment. Under the core's lock.
 *
 * <p>A segment's first write takes header and lines together; a later group of the same segment
 * takes its lines and the header again. Their order does not matter: every line carries its own
 * CRC, and recovery takes whole groups only.
 */
public final class SegmentWriter implements LogWriter, DeviceOperation.Owner {

  /** Segments being written at once; two already keep a fast device busy. */
  private static final int IN_FLIGHT_MAX = 8;

  /** Told when the cache device has refused a write. */
  public interface Failure {
    void cacheFailed(String what, int error, Effects effects);
  }

  private final Log log;
  private final Failure failure;
  private final SegmentEncoding[] encodings;
  private final DeviceOperation[] headerWrites;
  private final DeviceOperation[] lineWrites;

  private long submitId;
  private long completedId;
  private int segmentsInFlight;
  private long durablePosition;
  private long bytesWritten;

  public SegmentWriter(Log log, long uuidHigh, long uuidLow, Failure failure) {
    this.log = log;
    this.failure = failure;
    int count = log.bufferCount();
    encodings = new SegmentEncoding[count];
    headerWrites = new DeviceOperation[count];
    lineWrites = new DeviceOperation[count];
    for (int i = 0; i < count; i++) {
      encodings[i] = new SegmentEncoding(this, log, uuidHigh, uuidLow);
      headerWrites[i] = new DeviceOperation(this);
      headerWrites[i].purpose = i;
      lineWrites[i] = new DeviceOperation(this);
      lineWrites[i].purpose = i;
    }
    submitId = log.ring.newestId() + 1;
    completedId = submitId;
  }

  @Override
  public void advance(long durable, Effects effects) {
    durablePosition = durable;
    while (submitId <= log.ring.newestId() && segmentsInFlight < IN_FLIGHT_MAX) {
      SegmentBuffer buffer = log.bufferOf(submitId);
      if (buffer == null || !isReady(buffer)) {
        return;
      }
      encode(buffer, effects);
      if (!buffer.closedSubmitted) {
        return;
      }
      submitId++;
    }
  }

  private boolean isReady(SegmentBuffer buffer) {
    return (buffer.writesInFlight == 0 || !log.rules.hold(Rule.ONE_WRITE_PER_SEGMENT))
        && (buffer.fillingFrozen == 0 || !log.rules.hold(Rule.SUBMIT_FILLED_LINES))
        && (buffer.frozen > buffer.submitted || buffer.closed);
  }

  private void encode(SegmentBuffer buffer, Effects effects) {
    SegmentEncoding encoding = encodings[(int) (buffer.id % encodings.length)];
    long mark = log.rules.hold(Rule.DURABLE_MARK_IS_TRUE) ? durablePosition : log.frozenEnd();
    encoding.prepare(buffer, log.ring.idOf(mark), log.ring.indexOf(mark));
    buffer.submitted = buffer.frozen;
    buffer.closedSubmitted = buffer.closed;
    buffer.writesInFlight = 1;
    segmentsInFlight++;
    effects.run(encoding);
  }

  void encoded(SegmentEncoding encoding, Effects effects) {
    SegmentBuffer buffer = encoding.buffer();
    int i = (int) (buffer.id % encodings.length);
    long slot = log.geometry.slotOffset(log.geometry.slot(buffer.id));
    int from = encoding.from();
    int to = encoding.to();
    if (from == 0) {
      write(
          headerWrites[i],
          slot,
          buffer.memory,
          buffer.base,
          (long) Geometry.BLOCK * (1 + to),
          effects);
      return;
    }
    if (to > from) {
      buffer.writesInFlight++;
      long offset = (long) Geometry.BLOCK * (1 + from);
      long length = (long) Geometry.BLOCK * (to - from);
      write(lineWrites[i], slot + offset, buffer.memory, buffer.base + offset, length, effects);
    }
    write(headerWrites[i], slot, buffer.memory, buffer.base, Geometry.BLOCK, effects);
  }

  private void write(
      DeviceOperation operation,
      long offset,
      MemorySegment memory,
      long memoryOffset,
      long length,
      Effects effects) {
    operation.target = DeviceOperation.Target.CACHE;
    operation.request.set(Operation.WRITE, 0, offset, length, memory, memoryOffset);
    bytesWritten += length;
    effects.submit(operation);
  }

  @Override
  public void ioDone(DeviceOperation operation, int error, Effects effects) {
    SegmentEncoding encoding = encodings[operation.purpose];
    SegmentBuffer buffer = encoding.buffer();
    if (error != 0) {
      failure.cacheFailed("write of segment " + buffer.id, error, effects);
      return;
    }
    if (--buffer.writesInFlight > 0) {
      return;
    }
    segmentsInFlight--;
    buffer.written = encoding.to();
    buffer.closedWritten = encoding.closing();
    while (completedId <= log.ring.newestId()) {
      SegmentBuffer next = log.bufferOf(completedId);
      if (next == null || !next.closedWritten) {
        return;
      }
      completedId++;
    }
  }

  @Override
  public long completed() {
    if (completedId > log.ring.newestId()) {
      return log.ring.position(completedId, 0);
    }
    SegmentBuffer buffer = log.bufferOf(completedId);
    return log.ring.position(completedId, buffer == null ? 0 : buffer.written);
  }

  @Override
  public long segmentsAwaitingFlush() {
    return 0;
  }

  @Override
  public boolean awaitsFlush(long position) {
    return false;
  }

  @Override
  public void flushSubmitted() {}

  @Override
  public void flushed(Effects effects) {}

  @Override
  public long bytesWritten() {
    return bytesWritten;
  }
}
