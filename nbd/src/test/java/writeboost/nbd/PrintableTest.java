package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PrintableTest {

  @Test
  void nothingGetsThroughThatIsNotPlain() {
    assertThat(Printable.of(new byte[] {0x64, 0x69, 0x73, 0x6b, 0x20, 0x31})).isEqualTo("disk 1");
    assertThat(Printable.of("a\nb\u001b[31m\"\\ä".getBytes(StandardCharsets.UTF_8)))
        .isEqualTo("a\\x0ab\\x1b[31m\\x22\\x5c\\xc3\\xa4");
    assertThat(Printable.of(new byte[5000])).hasSize(4 * 128 + 3).endsWith("...");
  }
}
