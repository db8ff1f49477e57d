package writeboost.bench.micro;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import writeboost.writeback.WritebackPlan;

/**
 * A sweep of write-back over 2^20 dirty lines (4 GiB, the most that one plan takes), from the first
 * line added to the last extent found; for each line. The plan keeps little memory from one sweep
 * to the next, so this is the one place that allocates.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class PlanBenchmark {

  static final int LINES = 1 << 20;
  private static final int BLOCKS_PER_EXTENT = 256;
  private static final int ALL = 0xFF;

  private final WritebackPlan plan = new WritebackPlan();

  private long plan(Permutation blocks) {
    plan.clear();
    for (int i = 0; i < LINES; i++) {
      plan.add(blocks.at(i), ALL, i);
    }
    plan.sort(BLOCKS_PER_EXTENT);
    long sum = 0;
    while (plan.next()) {
      sum += plan.firstSector() + plan.source(0);
    }
    return sum;
  }

  /** Lines all over 1 TiB: hardly any are neighbours. */
  @Benchmark
  @OperationsPerInvocation(LINES)
  public long scattered() {
    return plan(SCATTERED);
  }

  /** The blocks of 4 GiB, each once: all are neighbours. */
  @Benchmark
  @OperationsPerInvocation(LINES)
  public long dense() {
    return plan(DENSE);
  }

  private static final Permutation SCATTERED = new Permutation(28);
  private static final Permutation DENSE = new Permutation(20);
}
