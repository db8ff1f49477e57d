package writeboost.cli.control;

import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JsonGenerator;
import writeboost.cli.json.Json;
import writeboost.cli.json.JsonObject;

/**
 * What a client asks: a command, and what goes with it. {@code {"command":"message","key":
 * "migrate_threshold","value":80}}. Immutable.
 */
public final class ControlRequest {

  /** Bytes, with the end of the line. */
  static final int LENGTH_MAX = 4096;

  private static final String COMMAND = "command";

  private final JsonObject fields;

  private ControlRequest(JsonObject fields) {
    this.fields = fields;
  }

  /** The request for {@code command}, without anything else. */
  public static ControlRequest of(String command) {
    return of(command, Map.of());
  }

  /** The request for {@code command} with {@code fields}: strings, whole numbers, booleans. */
  public static ControlRequest of(String command, Map<String, ?> fields) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put(COMMAND, command);
    all.putAll(fields);
    StringWriter text = new StringWriter();
    try (JsonGenerator json = Json.generator(text)) {
      json.writeStartObject();
      all.forEach(
          (name, value) -> {
            switch (value) {
              case String string -> json.writeStringProperty(name, string);
              case Integer number -> json.writeNumberProperty(name, number);
              case Boolean bool -> json.writeBooleanProperty(name, bool);
              default -> throw new IllegalArgumentException(name + " cannot be " + value);
            }
          });
      json.writeEndObject();
    }
    return new ControlRequest(Json.read(text.toString()));
  }

  /** Reads a line. */
  static ControlRequest parse(String line) throws RefusedException {
    try {
      JsonObject fields = Json.read(line);
      if (!fields.isText(COMMAND)) {
        throw new RefusedException("a request needs a string \"command\"");
      }
      return new ControlRequest(fields);
    } catch (IllegalArgumentException e) {
      throw new RefusedException(String.valueOf(e.getMessage()));
    }
  }

  public String command() {
    return fields.text(COMMAND);
  }

  /** Refuses what goes with the command but for {@code known}. */
  public void allow(Set<String> known) throws RefusedException {
    for (String name : fields.names()) {
      if (!name.equals(COMMAND) && !known.contains(name)) {
        throw new RefusedException("%s takes no \"%s\"".formatted(command(), name));
      }
    }
  }

  /** A string that has to be there. */
  public String text(String name) throws RefusedException {
    if (!fields.isText(name)) {
      throw new RefusedException("%s needs a string \"%s\"".formatted(command(), name));
    }
    return fields.text(name);
  }

  /** A whole number that has to be there. */
  public long number(String name) throws RefusedException {
    if (!fields.isNumber(name) || fields.fraction(name) != fields.number(name)) {
      throw new RefusedException("%s needs a whole number \"%s\"".formatted(command(), name));
    }
    return fields.number(name);
  }

  public boolean has(String name) {
    return fields.has(name);
  }

  /** A boolean; false if it is not there. */
  public boolean isTrue(String name) throws RefusedException {
    if (fields.has(name) && !fields.isSwitch(name)) {
      throw new RefusedException("%s: \"%s\" is true or false".formatted(command(), name));
    }
    return fields.isTrue(name);
  }

  /** As it goes over the socket, without the end of the line. */
  String line() {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = Json.generator(text)) {
      fields.write(json);
    }
    return text.toString();
  }
}
