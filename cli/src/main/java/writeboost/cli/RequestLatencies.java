package writeboost.cli;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.nbd.Latencies;

/** How long clients' requests took, since the start or since it was cleared. Any thread. */
final class RequestLatencies implements Latencies {

  /** What a client waits for. */
  enum Kind {
    READ,
    WRITE,
    /** A FLUSH, or anything that implies one. */
    BARRIER
  }

  /** Longer ones count as this long; with a bound the histograms never grow. */
  private static final long LONGEST_NS = TimeUnit.HOURS.toNanos(1);

  private static final int DIGITS = 2;

  private static final class Record {
    final Recorder recorder = new Recorder(LONGEST_NS, DIGITS);
    final Histogram total = new Histogram(LONGEST_NS, DIGITS);
    Histogram recent = recorder.getIntervalHistogram();
  }

  private final Map<Kind, Record> records = new EnumMap<>(Kind.class);
  private final Recorder reads;
  private final Recorder writes;
  private final Recorder barriers;

  RequestLatencies() {
    for (Kind kind : Kind.values()) {
      records.put(kind, new Record());
    }
    reads = record(Kind.READ).recorder;
    writes = record(Kind.WRITE).recorder;
    barriers = record(Kind.BARRIER).recorder;
  }

  private Record record(Kind kind) {
    Record record = records.get(kind);
    if (record == null) {
      throw new IllegalStateException("no record of " + kind);
    }
    return record;
  }

  @Override
  public void answered(Operation operation, int flags, long nanoseconds, int count) {
    Recorder recorder =
        operation == Operation.READ
            ? reads
            : operation == Operation.FLUSH || (flags & Request.FUA) != 0 ? barriers : writes;
    recorder.recordValueWithCount(Math.clamp(nanoseconds, 0, LONGEST_NS), count);
  }

  /** A copy of what there is of {@code kind}; nanoseconds. */
  synchronized Histogram of(Kind kind) {
    Record record = record(kind);
    record.recent = record.recorder.getIntervalHistogram(record.recent);
    record.total.add(record.recent);
    return record.total.copy();
  }

  /** Begins anew. */
  synchronized void clear() {
    for (Record record : records.values()) {
      record.recorder.reset();
      record.total.reset();
    }
  }
}
