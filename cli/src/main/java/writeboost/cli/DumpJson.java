package writeboost.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import tools.jackson.core.JsonGenerator;
import writeboost.cli.json.Json;
import writeboost.inspect.CacheContents;
import writeboost.inspect.SegmentContents;
import writeboost.inspect.SegmentContents.Kind;
import writeboost.layout.Geometry;
import writeboost.layout.Superblock;

/** What lies on a cache, as one JSON object. */
final class DumpJson implements DumpCommand.Output {

  private final PrintWriter out;
  private final JsonGenerator json;

  DumpJson(PrintWriter out) {
    this.out = out;
    json = Json.generator(out);
  }

  @Override
  public void begin(Path path, CacheContents cache) {
    Geometry geometry = cache.geometry();
    json.writeStartObject();
    json.writeStringProperty("cache", path.toString());
    json.writeStringProperty("layout", cache.form().title());
    json.writeNumberProperty("order", geometry.order());
    json.writeNumberProperty("slots", geometry.segmentCount());
    json.writeNumberProperty("lines_per_segment", geometry.linesPerSegment());
    Superblock superblock = cache.superblock();
    if (superblock != null) {
      superblock(superblock);
    }
    json.writeObjectPropertyStart("record");
    json.writeStringProperty("state", cache.record().state().name().toLowerCase(Locale.ROOT));
    json.writeNumberProperty("segment", cache.record().id());
    json.writeEndObject();
    json.writeArrayPropertyStart("segments");
  }

  private void superblock(Superblock superblock) {
    json.writeObjectPropertyStart("superblock");
    json.writeStringProperty("uuid", superblock.uuid().toString());
    json.writeNumberProperty("incarnation", Integer.toUnsignedLong(superblock.incarnation()));
    json.writeNumberProperty("window", superblock.window());
    json.writeNumberProperty("cache_size", superblock.cacheSizeBytes());
    json.writeNumberProperty("backing_size", superblock.backingSizeBytes());
    json.writeStringProperty("backing_id", DumpText.fingerprint(superblock));
    json.writeNumberProperty("adopted_up_to", superblock.adoptedUpTo());
    json.writeNumberProperty("clean_segment", superblock.cleanId());
    json.writeNumberProperty("clean_lines", superblock.cleanLines());
    json.writeNumberProperty("flags", superblock.flags());
    json.writeEndObject();
  }

  @Override
  public void segment(SegmentContents segment, boolean lines) {
    json.writeStartObject();
    json.writeNumberProperty("slot", segment.slot());
    json.writeStringProperty("kind", segment.kind().name().toLowerCase(Locale.ROOT));
    if (segment.kind() == Kind.UNUSABLE) {
      json.writeStringProperty("problem", segment.problem());
    } else if (segment.kind() != Kind.EMPTY) {
      json.writeNumberProperty("segment", segment.id());
      json.writeNumberProperty("lap", segment.lap());
      json.writeNumberProperty("length", segment.length());
      if (segment.kind() == Kind.EXTENDED) {
        json.writeNumberProperty("incarnation", Integer.toUnsignedLong(segment.incarnation()));
        json.writeBooleanProperty("closed", segment.closed());
        json.writeNumberProperty("durable_segment", segment.durableId());
        json.writeNumberProperty("durable_lines", segment.durableLines());
        json.writeBooleanProperty("metablocks_ok", segment.metablocksOk());
      }
      if (lines) {
        lines(segment);
      }
    }
    json.writeEndObject();
    json.writeRaw(System.lineSeparator());
  }

  private void lines(SegmentContents segment) {
    json.writeArrayPropertyStart("lines");
    for (int i = 0; i < segment.length(); i++) {
      json.writeStartObject();
      json.writeNumberProperty("line", i);
      json.writeNumberProperty("backing_offset", segment.sector(i) * Geometry.SECTOR);
      json.writeNumberProperty("blocks", segment.blocks(i));
      json.writeNumberProperty("sectors", segment.mask(i));
      json.writeBooleanProperty("zeroes", segment.zeroRun(i));
      if (segment.kind() == Kind.EXTENDED) {
        json.writeNumberProperty("lost", segment.lost(i));
        json.writeBooleanProperty("group_end", segment.groupEnd(i));
        json.writeStringProperty("crc", "%08x".formatted(segment.lineCrc(i)));
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  @Override
  public void end() {
    json.writeEndArray();
    json.writeEndObject();
    json.close();
    out.println();
  }
}
