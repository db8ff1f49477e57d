package writeboost.bench;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** The numbers in a text of JSON, each by its path (a JSON pointer, RFC 6901). */
final class JsonNumbers {

  private JsonNumbers() {}

  static Map<String, Double> parse(String text) throws IOException {
    Map<String, Double> numbers = new HashMap<>();
    try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), text)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isNumeric()) {
          numbers.put(
              parser.streamReadContext().pathAsPointer().toString(), parser.getDoubleValue());
        }
      }
    } catch (JacksonException e) {
      throw new IOException("not JSON: " + text.lines().findFirst().orElse("nothing"), e);
    }
    return numbers;
  }
}
