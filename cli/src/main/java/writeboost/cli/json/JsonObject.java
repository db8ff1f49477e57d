package writeboost.cli.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * A JSON object that was read whole. What is asked for and is not there, or is of another kind,
 * counts as empty: no text, 0, false. Immutable.
 */
public final class JsonObject {

  /** Nothing in it. */
  public static final JsonObject EMPTY = new JsonObject(Map.of());

  /** A value is a JsonObject, List, String, Long, Double or Boolean; a null is left out. */
  private final Map<String, Object> values;

  private JsonObject(Map<String, Object> values) {
    this.values = values;
  }

  /** The parser is at the start of the object; afterwards at its end. */
  static JsonObject read(JsonParser parser) {
    Map<String, Object> values = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      Object value = value(parser);
      if (value != null) {
        values.put(name, value);
      }
    }
    return new JsonObject(values);
  }

  private static @Nullable Object value(JsonParser parser) {
    return switch (parser.currentToken()) {
      case START_OBJECT -> read(parser);
      case START_ARRAY -> list(parser);
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  private static List<Object> list(JsonParser parser) {
    List<Object> list = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      Object value = value(parser);
      if (value != null) {
        list.add(value);
      }
    }
    return list;
  }

  public Set<String> names() {
    return values.keySet();
  }

  public boolean has(String name) {
    return values.containsKey(name);
  }

  /** The value of a string. */
  public String text(String name) {
    return values.get(name) instanceof String text ? text : "";
  }

  /** The value of a number, cut off to a whole one. */
  public long number(String name) {
    return values.get(name) instanceof Number number ? number.longValue() : 0;
  }

  public double fraction(String name) {
    return values.get(name) instanceof Number number ? number.doubleValue() : 0;
  }

  public boolean isTrue(String name) {
    return Boolean.TRUE.equals(values.get(name));
  }

  public boolean isNumber(String name) {
    return values.get(name) instanceof Number;
  }

  public boolean isText(String name) {
    return values.get(name) instanceof String;
  }

  public boolean isSwitch(String name) {
    return values.get(name) instanceof Boolean;
  }

  public JsonObject object(String name) {
    return values.get(name) instanceof JsonObject object ? object : EMPTY;
  }

  /** The strings of an array. */
  public List<String> texts(String name) {
    return values.get(name) instanceof List<?> list
        ? list.stream().filter(String.class::isInstance).map(String.class::cast).toList()
        : List.of();
  }

  /** The objects of an array. */
  public List<JsonObject> objects(String name) {
    return values.get(name) instanceof List<?> list
        ? list.stream().filter(JsonObject.class::isInstance).map(JsonObject.class::cast).toList()
        : List.of();
  }

  /** Writes the object, as it was but for nulls. */
  public void write(JsonGenerator json) {
    json.writeStartObject();
    values.forEach(
        (name, value) -> {
          json.writeName(name);
          write(json, value);
        });
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Object value) {
    switch (value) {
      case JsonObject object -> object.write(json);
      case List<?> list -> {
        json.writeStartArray();
        list.forEach(element -> write(json, element));
        json.writeEndArray();
      }
      case String text -> json.writeString(text);
      case Long number -> json.writeNumber(number);
      case Double number -> json.writeNumber(number);
      case Boolean bool -> json.writeBoolean(bool);
      default -> throw new IllegalStateException("not a JSON value: " + value.getClass());
    }
  }
}
