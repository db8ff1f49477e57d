package writeboost.log;

import writeboost.effect.Effects;
import writeboost.layout.ChecksumLayout;
import writeboost.layout.LapLayout;

/**
 * Hands segments to the cache device, in id order, each in the steps that its layout asks for.
 * Under the core's lock. {@link Barriers} flushes the device and says so.
 */
public sealed interface LogWriter permits SegmentWriter, LapWriter {

  /**
   * Hands over what is ready. {@code durable} is the position before which everything is durable
   * now.
   */
  void advance(long durable, Effects effects);

  /**
   * The position before which every line's write, and every closed segment's last header, has
   * completed: a flush makes it durable.
   */
  long completed();

  /** Segments that cannot go on before a flush. */
  long segmentsAwaitingFlush();

  /** Whether everything before {@code position} is now {@link #completed} or awaits a flush. */
  boolean awaitsFlush(long position);

  /** A flush is submitted now. */
  void flushSubmitted();

  /** It has succeeded. */
  void flushed(Effects effects);

  /** Bytes of segments handed to the cache device in this life. */
  long bytesWritten();

  /** The one for the log's layout; headers have the UUID where the layout has a place for it. */
  static LogWriter of(Log log, long uuidHigh, long uuidLow, SegmentWriter.Failure failure) {
    return switch (log.layout) {
      case ChecksumLayout _ -> new SegmentWriter(log, uuidHigh, uuidLow, failure);
      case LapLayout _ -> new LapWriter(log, failure);
    };
  }
}
