package writeboost.bench;

import java.util.EnumMap;
import java.util.Map;

/**
 * What one run of the client has measured.
 *
 * @param requests answered
 * @param figures not all of them are measured in every run
 */
record Run(long requests, Map<Metric, Double> figures) {

  /** With the CPU time that the server took. */
  Run withCpu(long cpuNs) {
    Map<Metric, Double> all = new EnumMap<>(figures);
    all.put(Metric.CPU_MICROS, cpuNs / 1e3 / requests);
    return new Run(requests, all);
  }

  /** Without those that are not of what is to be measured. */
  Run withoutLatencies() {
    Map<Metric, Double> others = new EnumMap<>(figures);
    others.keySet().removeAll(Metric.LATENCIES);
    return new Run(requests, others);
  }

  double figure(Metric metric) {
    Double value = figures.get(metric);
    if (value == null) {
      throw new IllegalArgumentException("not measured: " + metric);
    }
    return value;
  }
}
