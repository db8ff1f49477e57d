package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Work;
import writeboost.layout.Geometry;

/**
 * One write to the backing device: neighbouring lines, gathered into a piece of memory of its own,
 * or a range of zero blocks. {@link #run} outside the lock, all else under it.
 */
final class Extent extends Work implements DeviceOperation.Owner {

  static final int BLOCKS_MAX = 64;
  static final long BYTES_MAX = (long) BLOCKS_MAX * Geometry.BLOCK;

  private final Writeback writeback;
  private final WritebackPlan plan;
  private final Batch batch;
  private final MemorySegment memory;
  private final long base;
  private final DeviceOperation write = new DeviceOperation(this);

  private final long[] positions = new long[BLOCKS_MAX];
  private int lines;
  private int fromSector;
  private long bytes;

  Extent(Writeback writeback, WritebackPlan plan, Batch batch, MemorySegment memory, long base) {
    this.writeback = writeback;
    this.plan = plan;
    this.batch = batch;
    this.memory = memory;
    this.base = base;
  }

  /** Takes the extent that the plan has just found. */
  void begin(Effects effects) {
    lines = plan.extentLines();
    for (int i = 0; i < lines; i++) {
      positions[i] = plan.source(i);
    }
    fromSector = plan.fromSector();
    bytes = (long) plan.sectors() * Geometry.SECTOR;
    write.target = DeviceOperation.Target.BACKING;
    write.request.set(
        Operation.WRITE, 0, plan.firstSector() * Geometry.SECTOR, bytes, memory, base);
    effects.run(this);
  }

  /** Takes the range of zero blocks that the plan has just found. */
  void beginZeroes(Effects effects) {
    lines = 0;
    write.target = DeviceOperation.Target.BACKING;
    write.request.set(
        Operation.WRITE_ZEROES,
        0,
        plan.zeroFrom() * Geometry.BLOCK,
        (plan.zeroTo() - plan.zeroFrom()) * Geometry.BLOCK);
    effects.submit(write);
  }

  @Override
  public void run() {
    long within = (long) fromSector * Geometry.SECTOR;
    long length = Math.min(bytes, Geometry.BLOCK);
    for (int i = 0; i < lines; i++) {
      batch.copy(positions[i], within, length, memory, base + (long) i * Geometry.BLOCK);
    }
  }

  @Override
  public void finished(Effects effects) {
    effects.submit(write);
  }

  @Override
  public void ioDone(DeviceOperation operation, int error, Effects effects) {
    writeback.written(this, error, effects);
  }

  int lines() {
    return lines;
  }

  /** The position of the only line. */
  long position() {
    return positions[0];
  }

  DeviceOperation write() {
    return write;
  }
}
