package writeboost.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import writeboost.cli.json.Json;
import writeboost.inspect.CacheContents;
import writeboost.inspect.Check;
import writeboost.inspect.Damage;

/** What a check finds, as one JSON object. */
final class CheckJson implements CheckCommand.Output {

  private final PrintWriter out;
  private final JsonGenerator json;
  private long damages;

  CheckJson(PrintWriter out, Path path) {
    this.out = out;
    json = Json.generator(out);
    json.writeStartObject();
    json.writeStringProperty("cache", path.toString());
    json.writeArrayPropertyStart("damages");
  }

  @Override
  public void damage(Damage damage) {
    damages++;
    json.writeStartObject();
    json.writeStringProperty("place", damage.place().name().toLowerCase(Locale.ROOT));
    if (damage.segment() > 0) {
      json.writeNumberProperty("segment", damage.segment());
    }
    if (damage.line() >= 0) {
      json.writeNumberProperty("line", damage.line());
      json.writeNumberProperty("backing_offset", damage.backingOffset());
      json.writeNumberProperty("bytes", damage.backingLength());
    }
    json.writeStringProperty("what", damage.what());
    json.writeEndObject();
  }

  @Override
  public void end(@Nullable CacheContents cache, Check.@Nullable Result result) {
    json.writeEndArray();
    json.writeBooleanProperty("sound", damages == 0);
    if (cache != null && result != null) {
      json.writeStringProperty("layout", cache.form().title());
      json.writeNumberProperty("record", result.record());
      json.writeNumberProperty("last_segment", result.last());
      json.writeNumberProperty("segments", result.segments());
      json.writeNumberProperty("lines", result.lines());
      json.writeNumberProperty("zero_runs", result.zeroRuns());
      json.writeNumberProperty("torn_segments", result.droppedSegments());
      json.writeNumberProperty("torn_lines", result.droppedLines());
      json.writeNumberProperty("padding_changed", result.paddingChanged());
    }
    json.writeEndObject();
    json.close();
    out.println();
  }
}
