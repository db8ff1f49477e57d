package writeboost.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The figures of one side of a comparison, each of them once for every run that counts. */
final class Series {

  private final String name;
  private final Map<Metric, List<Double>> figures = new EnumMap<>(Metric.class);

  /**
   * @param name of the server, or of what else was measured
   */
  Series(String name) {
    this.name = name;
  }

  Series add(Metric metric, double value) {
    figures.computeIfAbsent(metric, unused -> new ArrayList<>()).add(value);
    return this;
  }

  /** Adds what a run of the client has measured; what was not measured is left out. */
  Series add(Run run) {
    run.figures().forEach(this::add);
    return this;
  }

  String name() {
    return name;
  }

  boolean has(Metric metric) {
    return figures.containsKey(metric);
  }

  /** In the order of time; empty where there are none. */
  List<Double> values(Metric metric) {
    return figures.getOrDefault(metric, List.of());
  }

  double median(Metric metric) {
    return median(values(metric).stream().mapToDouble(Double::doubleValue).toArray());
  }

  double min(Metric metric) {
    return Collections.min(values(metric));
  }

  double max(Metric metric) {
    return Collections.max(values(metric));
  }

  /** The median of ours by that of {@code peer}. */
  double ratio(Series peer, Metric metric) {
    return median(metric) / peer.median(metric);
  }

  static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
