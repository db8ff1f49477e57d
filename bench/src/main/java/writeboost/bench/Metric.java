package writeboost.bench;

import java.util.EnumSet;
import java.util.Set;

/** What a figure is of. */
enum Metric {
  IOPS("IOPS", 0),
  MEGABYTES_PER_S("MB/s", 1),
  SECONDS("seconds", 3),
  BYTES("bytes", 1),
  LINES("lines", 3),

  /** CPU time of the server's process, by the requests of the run, in microseconds. */
  CPU_MICROS("CPU us/req", 2),

  // Latencies, in microseconds, as the client saw them.
  P50_MICROS("p50 us", 0),
  P99_MICROS("p99 us", 0),
  P999_MICROS("p99.9 us", 0);

  static final Set<Metric> LATENCIES = EnumSet.of(P50_MICROS, P99_MICROS, P999_MICROS);

  final String title;

  /** Digits behind the point that are worth printing. */
  final int digits;

  Metric(String title, int digits) {
    this.title = title;
    this.digits = digits;
  }
}
