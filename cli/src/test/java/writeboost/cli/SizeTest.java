package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

final class SizeTest {

  @ParameterizedTest
  @CsvSource({
    "512, 512",
    "4K, 4096",
    "512m, 536870912",
    "4G, 4294967296",
    "4GiB, 4294967296",
    "1T, 1099511627776",
    "8388607T, 9223370937343148032"
  })
  void unitsArePowersOf1024(String text, long bytes) {
    assertThat(new Size().convert(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "K", "-1", "1.5G", "4Q", "4 G B", "0", "8388608T", "9999999999999999999"})
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> new Size().convert(text)).isInstanceOf(TypeConversionException.class);
  }
}
