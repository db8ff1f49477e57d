package writeboost.writeback;

import java.lang.foreign.MemorySegment;
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
 * Neighbouring lines on their way to the backing device, or a range of zero blocks. The lines are
 * brought together in a piece of memory of its own: from the batch where that is gathered, from RAM
 * buffers, or from the cache device, and then checked. {@link #run} outside the lock, all else
 * under it.
 *
 * <p>What need not or cannot be written is skipped: lines that something newer has made
 * superfluous, and damaged ones, which the batch leaves. What stands between skipped lines is
 * written one part after the other.
 */
final class Extent extends Work implements DeviceOperation.Owner {

  /** As many as a long has bits. */
  static final int BLOCKS_MAX = 64;

  static final long BYTES_MAX = (long) BLOCKS_MAX * Geometry.BLOCK;

  private final Writing writing;
  private final WritebackPlan plan;
  private final Batch batch;
  private final Log log;
  private final LineCheck check;
  private final MemorySegment memory;
  private final long base;
  private final DeviceOperation write = new DeviceOperation(this);
  private final DeviceOperation[] reads = new DeviceOperation[BLOCKS_MAX];

  private final long[] positions = new long[BLOCKS_MAX];
  private final @Nullable SegmentBuffer[] buffers = new @Nullable SegmentBuffer[BLOCKS_MAX];
  private int lines;

  /** Of the first line on the backing device, and of all lines together. */
  private long offset;

  private long bytes;

  /** Bit i: line i is not written. */
  private long skipped;

  /** Bit i: line i is damaged, or cannot be read. */
  private long damaged;

  private int readsInFlight;
  private @Nullable DeviceOperation failedRead;

  /** The lines are here, or will not come. */
  private boolean ready;

  /** The part that is being written: lines {@code [from, to)}. */
  private int from;

  private int to;
  private int taken;

  /** Zero blocks that are left to write, where they are written as data. */
  private long zeroesLeft;

  Extent(
      Writing writing,
      WritebackPlan plan,
      Batch batch,
      Log log,
      LineCheck check,
      MemorySegment memory,
      long base) {
    this.writing = writing;
    this.plan = plan;
    this.batch = batch;
    this.log = log;
    this.check = check;
    this.memory = memory;
    this.base = base;
    write.target = DeviceOperation.Target.BACKING;
    for (int i = 0; i < BLOCKS_MAX; i++) {
      reads[i] = new DeviceOperation(this);
      reads[i].target = DeviceOperation.Target.CACHE;
    }
  }

  // lines

  /** Takes the extent that the plan has just found. */
  void begin(Effects effects) {
    lines = plan.extentLines();
    offset = plan.firstSector() * Geometry.SECTOR;
    bytes = (long) plan.sectors() * Geometry.SECTOR;
    skipped = 0;
    damaged = 0;
    taken = 0;
    to = 0;
    zeroesLeft = 0;
    failedRead = null;
    ready = false;
    for (int i = 0; i < lines; i++) {
      positions[i] = plan.source(i);
      buffers[i] = null;
      skipped |= batch.isDirty(positions[i]) ? 0 : 1L << i;
    }
    readsInFlight = 0;
    if (!batch.isGathered()) {
      fetch(effects);
    }
    if (readsInFlight == 0) {
      effects.run(this);
    }
  }

  private void fetch(Effects effects) {
    int i = 0;
    while (i < lines) {
      SegmentBuffer buffer = log.bufferOf(log.ring.idOf(positions[i]));
      int next = i + 1;
      if (isSkipped(i)) {
        i = next;
        continue;
      }
      if (buffer != null) {
        buffer.pins++;
        buffers[i] = buffer;
      } else {
        while (next < lines && followsInLog(next)) {
          next++;
        }
        read(i, next, effects);
      }
      i = next;
    }
  }

  /**
   * Whether line {@code i} can be read together with the one before it. Where reads have failed
   * before, each line is read by itself, to find out which one it is.
   */
  private boolean followsInLog(int i) {
    return batch.isPatient()
        && !isSkipped(i)
        && positions[i] == positions[i - 1] + 1
        && log.ring.indexOf(positions[i]) != 0;
  }

  private void read(int first, int end, Effects effects) {
    long id = log.ring.idOf(positions[first]);
    int index = log.ring.indexOf(positions[first]);
    DeviceOperation read = reads[first];
    read.request.set(
        Operation.READ,
        0,
        log.geometry.lineOffset(log.geometry.slot(id), index),
        (long) (end - first) * Geometry.BLOCK,
        memory,
        place(first));
    read.purpose = first;
    readsInFlight++;
    effects.submit(read);
  }

  private boolean isSkipped(int i) {
    return (skipped >>> i & 1) != 0;
  }

  private long place(int i) {
    return base + (long) i * Geometry.BLOCK;
  }

  @Override
  public void ioDone(DeviceOperation operation, int error, Effects effects) {
    if (operation == write) {
      written(error, effects);
      return;
    }
    readsInFlight--;
    if (error != Errno.OK && (batch.isPatient() || !Errno.isBadPlace(error))) {
      failedRead = operation;
    } else if (error != Errno.OK) {
      damaged |= 1L << operation.purpose;
    }
    if (readsInFlight > 0) {
      return;
    }
    if (failedRead != null) {
      letGo();
      ready = true;
      writing.ready(effects);
    } else {
      effects.run(this);
    }
  }

  @Override
  public void run() {
    for (int i = 0; i < lines; i++) {
      if (isSkipped(i)) {
        continue;
      }
      SegmentBuffer buffer = buffers[i];
      long position = positions[i];
      int index = log.ring.indexOf(position);
      if (batch.isGathered()) {
        batch.copy(position, memory, place(i));
        continue;
      }
      if (buffer != null) {
        MemorySegment.copy(buffer.memory, buffer.lineBase(index), memory, place(i), Geometry.BLOCK);
      }
      if (!check.isIntact(log.ring.idOf(position), index, memory, place(i))) {
        damaged |= 1L << i;
      }
    }
  }

  @Override
  public void finished(Effects effects) {
    letGo();
    for (int i = 0; i < lines; i++) {
      if ((damaged >>> i & 1) != 0) {
        batch.leaveDamaged(positions[i]);
      }
    }
    skipped |= damaged;
    ready = true;
    writing.ready(effects);
  }

  boolean isReady() {
    return ready;
  }

  /** It is this one's turn. */
  void write(Effects effects) {
    if (failedRead != null) {
      writing.unreadable(this, failedRead, failedRead.request.error, effects);
    } else {
      writePart(effects);
    }
  }

  private void letGo() {
    for (int i = 0; i < lines; i++) {
      SegmentBuffer buffer = buffers[i];
      if (buffer != null) {
        buffer.pins--;
        buffers[i] = null;
      }
    }
  }

  /** Writes the next lines that stand together, or ends. */
  private void writePart(Effects effects) {
    from = to;
    while (from < lines && isSkipped(from)) {
      from++;
    }
    to = from;
    while (to < lines && !isSkipped(to)) {
      to++;
    }
    if (from == to) {
      writing.written(this, Errno.OK, effects);
      return;
    }
    long before = (long) from * Geometry.BLOCK;
    long length = Math.min(bytes - before, (long) (to - from) * Geometry.BLOCK);
    long within = offset & (Geometry.BLOCK - 1); // of a part of a line; 0 for whole lines
    write.request.set(Operation.WRITE, 0, offset + before, length, memory, place(from) + within);
    effects.submit(write);
  }

  private void written(int error, Effects effects) {
    if (error != Errno.OK) {
      writing.written(this, error, effects);
      return;
    }
    if (zeroesLeft > 0 && writing.goesOn()) {
      writeZeroes(effects);
      return;
    }
    taken += to - from;
    if (to < lines && writing.goesOn()) {
      writePart(effects);
    } else {
      writing.written(this, Errno.OK, effects);
    }
  }

  // zeroes

  /**
   * Takes the range of zero blocks that the plan has just found.
   *
   * @param asData the backing device does not take the operation for it
   */
  void beginZeroes(boolean asData, Effects effects) {
    lines = 0;
    from = 0;
    to = 0;
    taken = 0;
    zeroesLeft = 0;
    long blocks = plan.zeroTo() - plan.zeroFrom();
    offset = plan.zeroFrom() * Geometry.BLOCK;
    if (asData) {
      memory.asSlice(base, BYTES_MAX).fill((byte) 0);
      zeroesLeft = blocks;
      writeZeroes(effects);
    } else {
      write.request.set(Operation.WRITE_ZEROES, 0, offset, blocks * Geometry.BLOCK);
      effects.submit(write);
    }
  }

  private void writeZeroes(Effects effects) {
    long blocks = Math.min(zeroesLeft, BLOCKS_MAX);
    write.request.set(Operation.WRITE, 0, offset, blocks * Geometry.BLOCK, memory, base);
    offset += blocks * Geometry.BLOCK;
    zeroesLeft -= blocks;
    effects.submit(write);
  }

  // looking in

  /** Lines that the backing device has taken. */
  int lines() {
    return taken;
  }

  /** The position of the only line. */
  long position() {
    return positions[0];
  }

  DeviceOperation write() {
    return write;
  }
}
