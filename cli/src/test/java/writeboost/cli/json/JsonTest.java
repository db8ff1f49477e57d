package writeboost.cli.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JsonGenerator;

/** What is read is what was written, and nothing else is read. */
final class JsonTest {

  @Test
  void writesWhatItHasRead() {
    String text =
        "{\"a\":1,\"b\":-2.5,\"c\":\"d\\n"
            + "\\u0001\",\"e\":[1,\"f\",{}],\"g\":{\"h\":true,\"i\":false}}";
    StringWriter out = new StringWriter();
    try (JsonGenerator json = Json.generator(out)) {
      Json.read(text).write(json);
    }
    assertThat(out.toString()).isEqualTo(text);
  }

  @Test
  void whatIsNotThereIsEmpty() {
    JsonObject object = Json.read("{\"text\":\"t\",\"number\":7,\"none\":null}");
    assertThat(object.names()).containsExactly("text", "number");
    assertThat(object.text("number")).isEmpty();
    assertThat(object.number("text")).isZero();
    assertThat(object.isTrue("text")).isFalse();
    assertThat(object.object("text").names()).isEmpty();
    assertThat(object.texts("text")).isEmpty();
    assertThat(object.has("none")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "[]",
        "\"text\"",
        "{",
        "{\"a\":1",
        "{\"a\":1}{}",
        "{\"a\":1} x",
        "{\"a\":1,\"a\":2}",
        "{a:1}",
        "{\"a\":99999999999999999999999}",
        "{\"a\":[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]}",
        "\u0000",
        "{\"a\":NaN}"
      })
  void refusesAllElse(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Json.read(text));
  }
}
