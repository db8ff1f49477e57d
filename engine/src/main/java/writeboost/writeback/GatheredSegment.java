package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Work;
import writeboost.layout.Geometry;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.SegmentBuffer;

/**
 * One segment of a batch: its lines that are to be written back, on their way into memory of our
 * own, and checked there. {@link #run} outside the lock, all else under it.
 *
 * <p>A line that fails its check is <em>left</em>: not written back, and dirty as before. Where the
 * cache device refuses a read, the segment gives up as long as it is patient; then it reads line by
 * line, and leaves those that are refused.
 */
final class GatheredSegment extends Work {

  private final Writeback writeback;
  private final Batch batch;
  private final Log log;
  private final LineCheck check;
  private final MemorySegment memory;
  private final long base;
  private final DeviceOperation read;

  private final BitSet wanted = new BitSet();

  /** Wanted lines that are damaged, or could not be read. */
  private final BitSet left = new BitSet();

  private long id;
  private @Nullable SegmentBuffer buffer;

  /** The only line that is being read, or -1 where it is all of them together. */
  private int single;

  /**
   * @param number of this segment in its batch
   * @param base bytes from the start of {@code memory} to a segment's worth of it that is ours
   */
  GatheredSegment(
      Writeback writeback,
      Batch batch,
      int number,
      Log log,
      LineCheck check,
      MemorySegment memory,
      long base) {
    this.writeback = writeback;
    this.batch = batch;
    this.log = log;
    this.check = check;
    this.memory = memory;
    this.base = base;
    read = new DeviceOperation(writeback);
    read.purpose = number;
  }

  void begin(long newId) {
    id = newId;
    wanted.clear();
    left.clear();
    single = -1;
  }

  /** Line {@code i} is to be written back. */
  void want(int i) {
    wanted.set(i);
  }

  boolean isWanted(int i) {
    return wanted.get(i);
  }

  /** Gets the wanted lines; false where there is nothing to wait for. */
  boolean gather(Effects effects) {
    if (wanted.isEmpty()) {
      return false;
    }
    buffer = log.bufferOf(id);
    if (buffer != null) {
      buffer.pins++;
      effects.run(this);
    } else {
      read(wanted.nextSetBit(0), wanted.length(), effects);
    }
    return true;
  }

  private void read(int from, int to, Effects effects) {
    read.target = DeviceOperation.Target.CACHE;
    read.request.set(
        Operation.READ,
        0,
        log.geometry.lineOffset(log.geometry.slot(id), from),
        (long) (to - from) * Geometry.BLOCK,
        memory,
        line(from));
    effects.submit(read);
  }

  /** The cache device has answered; true where the segment could not be read. */
  boolean readDone(int error, Effects effects) {
    if (error != Errno.OK && (batch.isPatient() || !Errno.isBadPlace(error))) {
      return true;
    }
    if (single >= 0 && error != Errno.OK) {
      left.set(single);
    }
    boolean together = single < 0 && error == Errno.OK;
    single = together ? -1 : wanted.nextSetBit(single + 1);
    if (single < 0) {
      effects.run(this);
    } else {
      read(single, single + 1, effects);
    }
    return false;
  }

  @Override
  public void run() {
    SegmentBuffer source = buffer;
    if (source != null) {
      int from = wanted.nextSetBit(0);
      long bytes = (long) (wanted.length() - from) * Geometry.BLOCK;
      MemorySegment.copy(source.memory, source.lineBase(from), memory, line(from), bytes);
    }
    for (int i = wanted.nextSetBit(0); i >= 0; i = wanted.nextSetBit(i + 1)) {
      if (!left.get(i) && !check.isIntact(id, i, memory, line(i))) {
        left.set(i);
      }
    }
  }

  @Override
  public void finished(Effects effects) {
    if (buffer != null) {
      buffer.pins--;
      buffer = null;
    }
    long first = log.ring.position(id, 0);
    for (int i = left.nextSetBit(0); i >= 0; i = left.nextSetBit(i + 1)) {
      batch.leaveDamaged(first + i);
    }
    writeback.gathered(effects);
  }

  /** Where line {@code i} lies in the memory. */
  long line(int i) {
    return base + (long) Geometry.BLOCK * (1 + i);
  }
}
