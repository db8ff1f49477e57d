package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class LayoutTest {

  @Test
  void checksumsHaveOrdersUpToTen() {
    Layout layout = Layout.named("v2");
    assertThat(layout).isSameAs(ChecksumLayout.INSTANCE);
    layout.requireOrder(4);
    layout.requireOrder(10);
    assertThatThrownBy(() -> layout.requireOrder(11))
        .hasMessageContaining("11 is out of range for layout v2: 4 to 10");
    assertThatThrownBy(() -> layout.requireOrder(3)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void lapsHaveOneOrderMore() {
    Layout layout = Layout.named("v1");
    assertThat(layout).isSameAs(LapLayout.INSTANCE);
    layout.requireOrder(11);
    assertThatThrownBy(() -> layout.requireOrder(12))
        .hasMessageContaining("12 is out of range for layout v1: 4 to 11");
  }

  @Test
  void othersAreRefused() {
    assertThatThrownBy(() -> Layout.named("V2"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("V2: there are v1 and v2");
  }
}
