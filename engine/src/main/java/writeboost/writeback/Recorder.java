package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.layout.Geometry;
import writeboost.layout.Layout;
import writeboost.log.Barriers;
import writeboost.log.Interval;
import writeboost.log.Log;
import writeboost.log.SegmentRing;
import writeboost.log.SegmentWriter;

/**
 * Keeps the record, the last written-back id, on the cache device. It is written when the log comes
 * near slots that only a newer record sets free, and every so often, which spares the next start
 * the reading of what is written back; the next flush makes it durable. Under the core's lock.
 */
public final class Recorder implements DeviceOperation.Owner {

  private final Layout layout;
  private final SegmentRing ring;
  private final Barriers barriers;
  private final SegmentWriter.Failure failure;
  private final MemorySegment block;
  private final DeviceOperation write = new DeviceOperation(this);
  private final long segmentCount;

  /** Two at the least: clients do not open the last free slot. */
  private final long margin;

  private final Interval interval = new Interval();
  private boolean due;
  private boolean inFlight;
  private long writing;
  private long written;

  /**
   * @param block 4096 bytes, aligned to 4096
   */
  public Recorder(Log log, Barriers barriers, MemorySegment block, SegmentWriter.Failure failure) {
    this.layout = log.layout;
    this.ring = log.ring;
    this.barriers = barriers;
    this.block = block;
    this.failure = failure;
    this.written = ring.durableRecordId();
    this.segmentCount = log.geometry.segmentCount();
    this.margin = Math.max(2, segmentCount / 4);
  }

  /** How often the record is written though no slot needs it: seconds; 0: never. */
  public void setInterval(int seconds) {
    interval.setSeconds(seconds);
    due = false;
  }

  /** The time goes on; {@code nowNs} is monotonic. */
  public void tick(long nowNs) {
    due |= interval.isOver(nowNs);
  }

  /**
   * Writes the record where it has changed, and where it is time, or slots will soon be needed that
   * an older record does not set free.
   */
  public void advance(Effects effects) {
    boolean needed = ring.newestId() + margin - segmentCount > written;
    if (!inFlight && (needed || due) && ring.writtenBackId() > written) {
      inFlight = true;
      due = false;
      writing = ring.writtenBackId();
      layout.encodeRecord(block, writing);
      write.target = DeviceOperation.Target.CACHE;
      write.request.set(Operation.WRITE, 0, Geometry.RECORD_BLOCK_OFFSET, Geometry.BLOCK, block, 0);
      effects.submit(write);
    }
  }

  /** Whether the record is on its way to the device. */
  public boolean isWriting() {
    return inFlight;
  }

  @Override
  public void ioDone(DeviceOperation operation, int error, Effects effects) {
    inFlight = false;
    if (error != 0) {
      failure.cacheFailed("write of the record", error, effects);
      return;
    }
    written = writing;
    barriers.recordWritten(written);
  }
}
