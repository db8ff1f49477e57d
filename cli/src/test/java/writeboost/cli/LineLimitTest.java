package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LineLimitTest {

  private final List<String> lines = new ArrayList<>();
  private final List<Runnable> later = new ArrayList<>();
  private long now = 1;
  private final LineLimit limit = new LineLimit(() -> now, later::add, lines::add);

  private void print(int count) {
    for (int i = 0; i < count; i++) {
      limit.print("kind", "line");
    }
  }

  @Test
  void whatComesTooFastIsCounted() {
    print(1000);
    limit.print("other", "of another kind");
    assertThat(lines).hasSize(LineLimit.LINES + 1).endsWith("of another kind");
    now += LineLimit.WINDOW_NS + 1;
    assertThat(later).hasSize(1);
    later.removeFirst().run();
    assertThat(lines).last().isEqualTo("line (and 994 more like this)");
    lines.clear();
    print(1);
    assertThat(lines).containsExactly("line");
  }

  @Test
  void whatComesNowAndThenIsPrinted() {
    for (int i = 0; i < 20; i++) {
      print(LineLimit.LINES);
      now += LineLimit.WINDOW_NS + 1;
    }
    assertThat(lines).hasSize(20 * LineLimit.LINES);
    assertThat(later).isEmpty();
  }
}
