package writeboost.bench.micro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MicroTest {

  static {
    // Other benchmarks may be running on this machine; no figure is looked at here.
    System.setProperty("jmh.ignoreLock", "true");
  }

  /** One short iteration of each, in this JVM, which has assertions on. */
  @Test
  void everyBenchmarkRuns() throws Exception {
    MicroOptions tiny =
        new MicroOptions(List.of(), List.of(20_000L), 1, 0, 1, /* forks= */ 0, null, false);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Micro.run(tiny, new PrintStream(out, true, StandardCharsets.UTF_8));
    assertThat(out.toString(StandardCharsets.UTF_8))
        .containsPattern("core\\.newBlock +[\\d,.]+ +[\\d.]+\n")
        .contains(
            "core.barrier",
            "core.overwriteInPlace",
            "core.overwriteNewLine",
            "core.readFromCache",
            "core.readFromRam",
            "index.insert, 20,000 lines",
            "index.lookup, 20,000 lines",
            "index.remove, 20,000 lines",
            "checksum.block",
            "checksum.line",
            "plan.dense",
            "plan.scattered");
  }

  @Test
  void readsAreFromWhereTheirNamesSay() {
    CoreBenchmark benchmark = new CoreBenchmark();
    CoreBenchmark.BlocksOnDevice onDevice = new CoreBenchmark.BlocksOnDevice();
    onDevice.fill();
    long before = onDevice.core.operations();
    for (int i = 0; i < 1 << 16; i++) {
      benchmark.readFromCache(onDevice);
    }
    assertThat(onDevice.core.operations() - before).isEqualTo(1 << 16);
    onDevice.close();

    CoreBenchmark.HotBlocks hot = new CoreBenchmark.HotBlocks();
    hot.renew();
    for (int i = 0; i < 1000; i++) {
      benchmark.overwriteInPlace(hot);
      benchmark.readFromRam(hot);
    }
    assertThat(hot.core.operations()).isZero();
    hot.close();
  }

  @Test
  void aPermutationHasEveryNumberOnce() {
    Permutation permutation = new Permutation(9);
    boolean[] seen = new boolean[512];
    for (int i = 0; i < 512; i++) {
      seen[(int) permutation.at(i)] = true;
    }
    assertThat(seen).doesNotContain(false);
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> MicroOptions.parse("--lines", "2"))
        .hasMessage("--lines 2: a number from 16 to 4294967295");
    assertThatThrownBy(() -> MicroOptions.parse("--forks")).hasMessage("--forks needs a value");
    assertThatThrownBy(() -> MicroOptions.parse("--nothing"))
        .hasMessage("unknown option --nothing");
    assertThatThrownBy(() -> Micro.run(MicroOptions.parse("nothing"), System.out))
        .hasMessage("no benchmark is called nothing");
  }
}
