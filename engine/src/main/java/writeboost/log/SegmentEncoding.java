package writeboost.log;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import writeboost.effect.Effects;
import writeboost.effect.Work;
import writeboost.index.LineTable;
import writeboost.layout.Crc32c;
import writeboost.layout.Geometry;
import writeboost.layout.SegmentHeader;

/**
 * Writes the header of a segment for the groups frozen so far, checksums included. Runs outside the
 * lock: the lines it reads are frozen and published, and no write of the segment is in flight, so
 * nothing else touches the header.
 */
final class SegmentEncoding extends Work {

  private final SegmentWriter writer;
  private final Log log;
  private final long uuidHigh;
  private final long uuidLow;
  private final int[] lineCrcs;

  private @Nullable SegmentBuffer buffer;
  private int from;
  private int to;
  private boolean closing;
  private long durableId;
  private int durableLines;

  SegmentEncoding(SegmentWriter writer, Log log, long uuidHigh, long uuidLow) {
    this.writer = writer;
    this.log = log;
    this.uuidHigh = uuidHigh;
    this.uuidLow = uuidLow;
    this.lineCrcs = new int[log.geometry.linesPerSegment()];
  }

  void prepare(SegmentBuffer newBuffer, long newDurableId, int newDurableLines) {
    buffer = newBuffer;
    from = newBuffer.submitted;
    to = newBuffer.frozen;
    closing = newBuffer.closed;
    durableId = newDurableId;
    durableLines = newDurableLines;
  }

  SegmentBuffer buffer() {
    if (buffer == null) {
      throw new IllegalStateException("nothing prepared");
    }
    return buffer;
  }

  int from() {
    return from;
  }

  int to() {
    return to;
  }

  boolean closing() {
    return closing;
  }

  @Override
  public void run() {
    SegmentBuffer segment = buffer();
    MemorySegment memory = segment.memory;
    long header = segment.base;
    if (from == 0) {
      SegmentHeader.clear(memory, header);
    }
    int seed = SegmentHeader.lineCrcSeed(uuidHigh, uuidLow, log.incarnation, segment.id);
    int crc = segment.dataCrc;
    for (int i = from; i < to; i++) {
      int line = segment.firstLine + i;
      int dataCrc = segment.lineDataCrc(i);
      boolean zeroRun = log.table.has(line, LineTable.ZERO_RUN);
      boolean groupEnd = log.table.has(line, LineTable.GROUP_END);
      SegmentHeader.encodeMetablock(
          memory,
          header,
          i,
          log.table.block(line) * Geometry.SECTORS_PER_BLOCK,
          log.table.sectors(line),
          zeroRun,
          groupEnd,
          zeroRun ? log.table.runBlocks(line) - 1 : log.table.lost(line));
      lineCrcs[i] = SegmentHeader.lineCrc(seed, i, memory, header, dataCrc);
      SegmentHeader.setLineCrc(memory, header, i, lineCrcs[i]);
      crc = Crc32c.combineBlock(crc, dataCrc);
    }
    segment.dataCrc = crc;
    SegmentHeader.seal(
        memory,
        header,
        segment.id,
        to,
        uuidHigh,
        uuidLow,
        log.incarnation,
        closing,
        durableId,
        durableLines,
        crc);
  }

  @Override
  public void finished(Effects effects) {
    int first = buffer().firstLine;
    for (int i = from; i < to; i++) {
      log.table.setCrc(first + i, lineCrcs[i]);
    }
    writer.encoded(this, effects);
  }
}
