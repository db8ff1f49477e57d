package writeboost.log;

import writeboost.effect.Effects;
import writeboost.layout.LapLayout;

/**
 * Writes segments in {@link LapLayout}, which has nothing that would show torn lines: the header,
 * which makes a segment count, is written only once its lines are durable. So each segment takes
 * two flushes, which segments share. Under the core's lock.
 *
 * <pre>
 *   completedId ........ headerId ......... linesId ........ submitId
 *   header written | header begun | await a flush | lines in flight | not closed yet
 * </pre>
 *
 * <p>A segment is written once, when it is closed; a header is never written again. With its lines
 * goes a cleared header, so that the header itself can tear only over zeroes, whatever the slot
 * held before: a lap that is not there yet is no lap.
 */
public final class LapWriter implements LogWriter {

  /** Segments whose lines are being written at once; two already keep a fast device busy. */
  private static final int IN_FLIGHT_MAX = 8;

  private final Log log;
  private final LapWrite[] writes;

  /** The first id whose lines have not been handed to the device. */
  private long submitId;

  /** The first id whose lines are not written yet. */
  private long linesId;

  /** The first id whose lines the flush that was submitted last does not cover. */
  private long coveredId;

  /** The first id whose header has not been begun. */
  private long headerId;

  /** The first id whose header is not written yet. */
  private long completedId;

  private int linesInFlight;
  private long bytesWritten;

  public LapWriter(Log log, SegmentWriter.Failure failure) {
    this.log = log;
    writes = new LapWrite[log.bufferCount()];
    for (int i = 0; i < writes.length; i++) {
      writes[i] = new LapWrite(this, log, failure);
    }
    submitId = log.ring.newestId() + 1;
    linesId = submitId;
    coveredId = submitId;
    headerId = submitId;
    completedId = submitId;
  }

  private LapWrite write(long id) {
    return writes[(int) (id % writes.length)];
  }

  @Override
  public void advance(long durable, Effects effects) {
    while (submitId <= log.ring.newestId() && linesInFlight < IN_FLIGHT_MAX) {
      SegmentBuffer buffer = log.bufferOf(submitId);
      if (buffer == null || !buffer.closed || buffer.fillingFrozen > 0) {
        return;
      }
      linesInFlight++;
      write(submitId).begin(buffer, effects);
      submitId++;
    }
  }

  /** The lines of a segment are on the device, durable or not. */
  void linesWritten(Effects effects) {
    linesInFlight--;
    while (linesId < submitId && write(linesId).hasLines()) {
      linesId++;
    }
    if (!log.rules.hold(Rule.LAP_LINES_FIRST)) {
      flushSubmitted();
      flushed(effects);
    }
  }

  @Override
  public void flushSubmitted() {
    coveredId = linesId;
  }

  @Override
  public void flushed(Effects effects) {
    while (headerId < coveredId) {
      write(headerId).beginHeader(effects);
      headerId++;
    }
  }

  void headerWritten() {
    while (completedId < headerId && write(completedId).isComplete()) {
      completedId++;
    }
  }

  void handedOver(long bytes) {
    bytesWritten += bytes;
  }

  @Override
  public long completed() {
    return log.ring.position(completedId, 0);
  }

  @Override
  public long segmentsAwaitingFlush() {
    return linesId - headerId;
  }

  @Override
  public boolean awaitsFlush(long position) {
    return linesId > headerId
        && position > log.ring.position(headerId, 0)
        && position <= log.ring.position(linesId, 0);
  }

  @Override
  public long bytesWritten() {
    return bytesWritten;
  }
}
