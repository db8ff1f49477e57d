package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class LayoutTest {

  @Test
  void checksumsAreTheLayoutThereIs() {
    Layout layout = Layout.named("v2");
    assertThat(layout).isSameAs(ChecksumLayout.INSTANCE);
    layout.requireOrder(4);
    layout.requireOrder(10);
    assertThatThrownBy(() -> layout.requireOrder(11))
        .hasMessageContaining("11 is out of range for layout v2: 4 to 10");
    assertThatThrownBy(() -> layout.requireOrder(3)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theOthersAreRefused() {
    assertThatThrownBy(() -> Layout.named("v1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("use v2");
    assertThatThrownBy(() -> Layout.named("V2"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("V2 is unknown");
  }
}
