package writeboost.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The result of one benchmark.
 *
 * @param servers ours first, then the peer that our target is about, then others
 * @param log of ours, at the end
 * @param overwrittenInPlace part of our writes
 */
record Comparison(
    Benchmark benchmark, List<Series> servers, LogState log, double overwrittenInPlace)
    implements Result {

  /** The measured runs of one server, in the order of time. */
  record Series(String server, List<Run> runs) {

    Series(String server) {
      this(server, new ArrayList<>());
    }

    double iops() {
      return median(runs.stream().mapToDouble(Run::iops).toArray());
    }

    double cpuMicros() {
      return median(runs.stream().mapToDouble(Run::cpuMicros).toArray());
    }

    double slowest() {
      return runs.stream().mapToDouble(Run::iops).min().orElseThrow();
    }

    double fastest() {
      return runs.stream().mapToDouble(Run::iops).max().orElseThrow();
    }
  }

  static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  double iopsRatio(Series peer) {
    return servers.getFirst().iops() / peer.iops();
  }

  double cpuRatio(Series peer) {
    return servers.getFirst().cpuMicros() / peer.cpuMicros();
  }

  List<Series> peers() {
    return servers.subList(1, servers.size());
  }
}
