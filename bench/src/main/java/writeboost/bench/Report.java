package writeboost.bench;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Conditions and results as text for people. */
final class Report {

  /** Of the median of ours and the median of the peer that the target is about. */
  private static final double TARGET = 1.0;

  /** Of the time that the same writes take unsorted, by that of the drain. */
  private static final double DRAIN_TARGET = 5.0;

  private Report() {}

  static String conditions(Map<String, String> conditions) {
    StringBuilder text = new StringBuilder();
    conditions.forEach((name, value) -> text.append(format("%-12s %s%n", name, value)));
    return text.toString();
  }

  static String of(Result result) {
    return switch (result) {
      case Comparison comparison -> of(comparison);
      case DrainResult drain -> of(drain);
    };
  }

  private static String of(DrainResult drain) {
    return format("%n%s: %s%n", Benchmark.T6, Benchmark.T6.title)
        + format(
            "%d MiB over %d MiB; 7200 rpm, seek 0.5 to 8 ms, 150 MB/s%n",
            ((long) drain.blocks() * Fio.BLOCK_BYTES) >> 20, drain.spanBytes() >> 20)
        + format("%-16s %12s %22s %16s%n", "median", "seconds", "fastest..slowest", "blocks/s")
        + row("drain", drain.drain(), drain.drains(), drain.blocks())
        + row("unsorted", drain.unsorted(), drain.unsorteds(), drain.blocks())
        + format("ratio of times: %.2f%n", drain.ratio())
        + format(
            "target, against unsorted: >= %.1f %s%n",
            DRAIN_TARGET, metOrNot(drain.ratio() >= DRAIN_TARGET));
  }

  private static String row(String name, double median, List<Double> all, int blocks) {
    String range = format("%.1f..%.1f", Collections.min(all), Collections.max(all));
    return format("%-16s %12.1f %22s %16.0f%n", name, median, range, blocks / median);
  }

  private static String of(Comparison comparison) {
    StringBuilder text = new StringBuilder();
    Benchmark benchmark = comparison.benchmark();
    text.append(format("%n%s: %s%n", benchmark, benchmark.title));
    text.append(
        format("%-16s %12s %22s %16s%n", "median", "IOPS", "slowest..fastest", "CPU us/request"));
    for (Comparison.Series server : comparison.servers()) {
      String range = format("%.0f..%.0f", server.slowest(), server.fastest());
      text.append(
          format(
              "%-16s %12.0f %22s %16.2f%n",
              server.server(), server.iops(), range, server.cpuMicros()));
    }
    for (Comparison.Series peer : comparison.peers()) {
      text.append(
          format(
              "ratio to %s: IOPS %.2f, CPU per request %.2f%n",
              peer.server(), comparison.iopsRatio(peer), comparison.cpuRatio(peer)));
    }
    Comparison.Series peer = comparison.peers().getFirst();
    text.append(
        format(
            "target, against %s: IOPS >= %.1f %s, CPU per request <= %.1f %s%n",
            peer.server(),
            TARGET,
            metOrNot(comparison.iopsRatio(peer) >= TARGET),
            TARGET,
            metOrNot(comparison.cpuRatio(peer) <= TARGET)));
    text.append(
        format(
            "log %.0f %% full at the end, %.1f %% of the writes in place%n",
            100 * comparison.log().full(), 100 * comparison.overwrittenInPlace()));
    return text.toString();
  }

  private static String metOrNot(boolean met) {
    return met ? "met" : "NOT met";
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
