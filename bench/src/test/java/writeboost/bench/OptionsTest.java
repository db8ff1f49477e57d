package writeboost.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class OptionsTest {

  @Test
  void everythingIsMeasuredUnlessSomethingIsNamed() throws Exception {
    assertThat(Options.parse().benchmarks()).containsExactly(Benchmark.values());
    assertThat(Options.parse("T2").benchmarks()).containsExactly(Benchmark.T2);
    assertThat(Options.parse("T2", "T1", "T2").benchmarks())
        .containsExactly(Benchmark.T1, Benchmark.T2);
  }

  @Test
  void mediansOfTheTableAreOfFiveRuns() throws Exception {
    assertThat(Options.parse().rounds()).isEqualTo(5);
    assertThat(Options.parse().sparseCache()).isFalse();
    assertThat(Options.parse().drainBlocks() * 4096L).isEqualTo(128 << 20);
    assertThat(Options.parse("--quick").rounds()).isEqualTo(3);
    assertThat(Options.parse("--quick").sparseCache()).isTrue();
  }

  @Test
  void filesAreWhereTheUserWantsThem() throws Exception {
    Options options = Options.parse("--json", "a.json", "--dir", "b", "--sparse-cache");
    assertThat(options.json()).isEqualTo(Path.of("a.json"));
    assertThat(options.folder()).isEqualTo(Path.of("b"));
    assertThat(options.sparseCache()).isTrue();
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> Options.parse("T99")).hasMessage("unknown argument T99");
    assertThatThrownBy(() -> Options.parse("T1", "--json")).hasMessage("--json needs a value");
  }
}
