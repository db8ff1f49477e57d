package writeboost.log;

import org.jspecify.annotations.Nullable;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Work;
import writeboost.layout.Geometry;
import writeboost.layout.LapHeader;

/**
 * A segment on its way to the cache device in layout v1: first its lines behind a cleared header,
 * and after a flush its header. {@link #run} outside the lock, all else under it.
 */
final class LapWrite extends Work implements DeviceOperation.Owner {

  private enum Stage {
    LINES,
    LINES_WRITTEN,
    HEADER,
    COMPLETE
  }

  private final LapWriter writer;
  private final Log log;
  private final SegmentWriter.Failure failure;
  private final DeviceOperation write = new DeviceOperation(this);

  private @Nullable SegmentBuffer buffer;
  private Stage stage = Stage.COMPLETE;

  LapWrite(LapWriter writer, Log log, SegmentWriter.Failure failure) {
    this.writer = writer;
    this.log = log;
    this.failure = failure;
  }

  /** {@code closed} is full, or sealed; its lines are all in place. */
  void begin(SegmentBuffer closed, Effects effects) {
    buffer = closed;
    closed.submitted = closed.fill;
    stage = Stage.LINES;
    effects.run(this);
  }

  /** The lines are durable. */
  void beginHeader(Effects effects) {
    stage = Stage.HEADER;
    effects.run(this);
  }

  boolean hasLines() {
    return stage != Stage.LINES;
  }

  boolean isComplete() {
    return stage == Stage.COMPLETE;
  }

  private SegmentBuffer segment() {
    if (buffer == null) {
      throw new IllegalStateException("no segment to write");
    }
    return buffer;
  }

  @Override
  public void run() {
    SegmentBuffer segment = segment();
    if (stage == Stage.LINES) {
      LapHeader.clear(segment.memory, segment.base);
      return;
    }
    long lap = log.geometry.lap(segment.id);
    long first = log.ring.position(segment.id, 0);
    for (int i = 0; i < segment.fill; i++) {
      int line = log.ring.line(first + i);
      long sector = log.table.block(line) * Geometry.SECTORS_PER_BLOCK;
      LapHeader.encodeMetablock(
          segment.memory, segment.base, i, sector, log.table.sectors(line), lap);
    }
    LapHeader.encode(segment.memory, segment.base, segment.id, segment.fill, lap);
  }

  @Override
  public void finished(Effects effects) {
    SegmentBuffer segment = segment();
    int blocks = stage == Stage.LINES ? 1 + segment.fill : 1;
    long bytes = (long) blocks * Geometry.BLOCK;
    long slot = log.geometry.slotOffset(log.geometry.slot(segment.id));
    write.target = DeviceOperation.Target.CACHE;
    write.request.set(Operation.WRITE, 0, slot, bytes, segment.memory, segment.base);
    writer.handedOver(bytes);
    effects.submit(write);
  }

  @Override
  public void ioDone(DeviceOperation operation, int error, Effects effects) {
    SegmentBuffer segment = segment();
    if (error != 0) {
      failure.cacheFailed("write of segment " + segment.id, error, effects);
    } else if (stage == Stage.LINES) {
      stage = Stage.LINES_WRITTEN;
      writer.linesWritten(effects);
    } else {
      stage = Stage.COMPLETE;
      segment.written = segment.fill;
      writer.headerWritten();
    }
  }
}
