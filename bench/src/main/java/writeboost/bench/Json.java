package writeboost.bench;

import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Conditions and every single figure as JSON. */
final class Json {

  private Json() {}

  static String of(Map<String, String> conditions, List<Result> results) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      json.writeName("conditions");
      json.writeStartObject();
      conditions.forEach(json::writeStringProperty);
      json.writeEndObject();
      json.writeName("targets");
      json.writeStartArray();
      results.forEach(result -> write(result, json));
      json.writeEndArray();
      json.writeEndObject();
    }
    return text.append('\n').toString();
  }

  private static void write(Result result, JsonGenerator json) {
    json.writeStartObject();
    json.writeStringProperty("name", result.target().name());
    json.writeStringProperty("what", result.target().what());
    json.writeStringProperty("against", result.target().against());
    json.writeName("series");
    json.writeStartArray();
    result.series().forEach(series -> write(series, json));
    json.writeEndArray();
    json.writeName("verdicts");
    json.writeStartArray();
    result.verdicts().forEach(verdict -> write(verdict, json));
    json.writeEndArray();
    json.writeName("notes");
    json.writeStartArray();
    result.notes().forEach(json::writeString);
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(Series series, JsonGenerator json) {
    json.writeStartObject();
    json.writeStringProperty("name", series.name());
    for (Metric metric : Metric.values()) {
      if (series.has(metric)) {
        json.writeName(metric.name().toLowerCase(Locale.ROOT));
        json.writeStartObject();
        json.writeNumberProperty("median", series.median(metric));
        json.writeName("runs");
        json.writeStartArray();
        series.values(metric).forEach(json::writeNumber);
        json.writeEndArray();
        json.writeEndObject();
      }
    }
    json.writeEndObject();
  }

  private static void write(Verdict verdict, JsonGenerator json) {
    json.writeStartObject();
    json.writeStringProperty("what", verdict.what());
    json.writeNumberProperty("figure", verdict.figure());
    json.writeNumberProperty(verdict.atLeast() ? "at_least" : "at_most", verdict.goal());
    json.writeBooleanProperty("met", verdict.met());
    json.writeEndObject();
  }
}
