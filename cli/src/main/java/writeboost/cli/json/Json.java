package writeboost.cli.json;

import java.io.Writer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;

/**
 * Where JSON comes from and goes to: written as it is found, so that no amount of it needs memory;
 * read whole, so for small objects only. Any thread.
 */
public final class Json {

  private static final int DEPTH_MAX = 16;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEPTH_MAX).build())
          .build();

  private Json() {}

  /** Writes to {@code out}, which it does not close. */
  public static JsonGenerator generator(Writer out) {
    return FACTORY.createGenerator(ObjectWriteContext.empty(), out);
  }

  /**
   * Reads one JSON object and nothing else.
   *
   * @throws IllegalArgumentException if {@code text} is anything else; the message says what
   */
  public static JsonObject read(String text) {
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("not a JSON object");
      }
      JsonObject object = JsonObject.read(parser);
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("more than one JSON object on a line");
      }
      return object;
    } catch (StreamConstraintsException e) {
      throw new IllegalArgumentException(
          "not a JSON object that can be read: nested deeper than " + DEPTH_MAX, e);
    } catch (InputCoercionException e) {
      throw new IllegalArgumentException(
          "not a JSON object that can be read: a number in it is too large", e);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "not a JSON object that can be read: " + e.getOriginalMessage(), e);
    }
  }
}
