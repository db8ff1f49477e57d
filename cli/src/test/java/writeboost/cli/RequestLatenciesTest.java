package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import writeboost.cli.RequestLatencies.Kind;
import writeboost.device.Operation;
import writeboost.device.Request;

/** Latencies are counted as what the client waited for. */
final class RequestLatenciesTest {

  private final RequestLatencies latencies = new RequestLatencies();

  private long count(Kind kind) {
    return latencies.of(kind).getTotalCount();
  }

  @Test
  void whatImpliesAFlushIsABarrier() {
    latencies.answered(Operation.READ, Request.FUA, 1000, 1);
    latencies.answered(Operation.WRITE, 0, 1000, 2);
    latencies.answered(Operation.TRIM, 0, 1000, 4);
    latencies.answered(Operation.WRITE_ZEROES, Request.NO_HOLE, 1000, 8);
    latencies.answered(Operation.WRITE, Request.FUA, 1000, 16);
    latencies.answered(Operation.WRITE_ZEROES, Request.FUA | Request.NO_HOLE, 1000, 32);
    latencies.answered(Operation.FLUSH, 0, 1000, 64);
    assertThat(count(Kind.READ)).isEqualTo(1);
    assertThat(count(Kind.WRITE)).isEqualTo(2 + 4 + 8);
    assertThat(count(Kind.BARRIER)).isEqualTo(16 + 32 + 64);
  }

  @Test
  void eachLookShowsAllSinceItWasCleared() {
    latencies.answered(Operation.WRITE, 0, 1_000_000, 99);
    assertThat(count(Kind.WRITE)).isEqualTo(99);
    latencies.answered(Operation.WRITE, 0, Long.MAX_VALUE, 1);
    latencies.answered(Operation.READ, 0, -1, 1);
    assertThat(count(Kind.WRITE)).isEqualTo(100);
    assertThat(latencies.of(Kind.WRITE).getValueAtPercentile(99)).isBetween(990_000L, 1_010_000L);
    assertThat(latencies.of(Kind.WRITE).getMaxValue()).isGreaterThan(3_500_000_000_000L);
    latencies.clear();
    assertThat(count(Kind.WRITE)).isZero();
    assertThat(count(Kind.READ)).isZero();
  }

  @Test
  void countingAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean(); // HotSpot's
    long thread = Thread.currentThread().threadId();
    count(10_000);
    long before = threads.getThreadAllocatedBytes(thread);
    count(10_000);
    assertThat((threads.getThreadAllocatedBytes(thread) - before) / 10_000).isZero();
  }

  private void count(int times) {
    for (int i = 0; i < times; i++) {
      latencies.answered(Operation.WRITE, 0, i * 1000L, 1);
    }
  }
}
