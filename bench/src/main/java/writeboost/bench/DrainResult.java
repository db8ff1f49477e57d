package writeboost.bench;

import java.util.List;

/**
 * The result of {@link Drain}. Times are in seconds; one for each round.
 *
 * @param blocks written back, of 4 KiB
 * @param spanBytes over which they were spread
 */
record DrainResult(int blocks, long spanBytes, List<Double> drains, List<Double> unsorteds)
    implements Result {

  double drain() {
    return median(drains);
  }

  double unsorted() {
    return median(unsorteds);
  }

  double ratio() {
    return unsorted() / drain();
  }

  private static double median(List<Double> values) {
    return Comparison.median(values.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
