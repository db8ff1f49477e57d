package writeboost.cli;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import writeboost.log.Recovery;
import writeboost.nbd.ClientStatus;
import writeboost.nbd.NbdDevice;
import writeboost.nbd.NbdServer;
import writeboost.volume.Health;
import writeboost.volume.Pieces;
import writeboost.volume.Snapshot;
import writeboost.volume.Start;
import writeboost.volume.Tunable;
import writeboost.volume.Volume;

/** Everything that is known of a served volume, as fields of a JSON object. Any thread. */
final class StatusJson {

  private static final double NS_PER_US = TimeUnit.MICROSECONDS.toNanos(1);

  private final Served served;
  private final Volume volume;
  private final MemoryNeed need;
  private final NbdServer server;
  private final @Nullable NbdDevice connection;
  private final RequestLatencies latencies;
  private final Rates rates;
  private final Draining draining;
  private final long startNs = System.nanoTime();

  /**
   * @param connection to the backing device; null where it is no network device
   */
  StatusJson(
      Served served,
      Volume volume,
      MemoryNeed need,
      NbdServer server,
      @Nullable NbdDevice connection,
      RequestLatencies latencies,
      Rates rates,
      Draining draining) {
    this.served = served;
    this.volume = volume;
    this.need = need;
    this.server = server;
    this.connection = connection;
    this.latencies = latencies;
    this.rates = rates;
    this.draining = draining;
  }

  void write(JsonGenerator json, Snapshot now) {
    json.writeStringProperty("name", served.name());
    json.writeStringProperty("backing", served.backing());
    json.writeStringProperty("cache", served.cache().toString());
    json.writeNumberProperty("size_bytes", volume.size());
    json.writeNumberProperty("pid", ProcessHandle.current().pid());
    json.writeNumberProperty(
        "uptime_seconds", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNs));
    health(json, now);
    connection(json);
    clients(json);
    line(json, now);
    log(json, now);
    pieces(json, now.pieces());
    writeback(json, now);
    json.writeObjectPropertyStart("latency");
    for (RequestLatencies.Kind kind : RequestLatencies.Kind.values()) {
      latency(json, kind.name().toLowerCase(Locale.ROOT), latencies.of(kind));
    }
    json.writeEndObject();
    tunables(json, now);
    json.writeObjectPropertyStart("drain");
    draining.write(json, now);
    json.writeEndObject();
    json.writeBooleanProperty("suspended", now.suspended());
    resume(json);
    damage(json, now);
    memory(json);
  }

  private static void health(JsonGenerator json, Snapshot now) {
    Health health = now.health();
    json.writeObjectPropertyStart("health");
    json.writeStringProperty("state", health.state().name().toLowerCase(Locale.ROOT));
    json.writeStringProperty("reason", health.reason());
    json.writeStringProperty("device", device(health));
    json.writeNumberProperty("for_seconds", TimeUnit.NANOSECONDS.toSeconds(health.forNs()));
    json.writeEndObject();
  }

  private static String device(Health health) {
    if (health.state() == Health.State.OK) {
      return "";
    }
    return health.byCache() ? "cache" : "backing";
  }

  private void connection(JsonGenerator json) {
    if (connection == null) {
      return;
    }
    NbdDevice.State state = connection.state();
    json.writeObjectPropertyStart("backing_connection");
    json.writeBooleanProperty("connected", state.connected());
    json.writeStringProperty("trouble", state.trouble());
    json.writeStringProperty("since", state.since().toString());
    json.writeEndObject();
  }

  private void clients(JsonGenerator json) {
    json.writeArrayPropertyStart("clients");
    for (ClientStatus client : server.clients()) {
      json.writeStartObject();
      json.writeNumberProperty("number", client.number());
      json.writeStringProperty("address", client.address());
      json.writeStringProperty("export", client.export());
      json.writeStringProperty("phase", client.phase().name().toLowerCase(Locale.ROOT));
      json.writeBooleanProperty("tls", client.encrypted());
      json.writeStringProperty("since", client.since().toString());
      json.writeNumberProperty("requests_in_flight", client.requestsInFlight());
      json.writeNumberProperty("held_bytes", client.bytesHeld());
      json.writeNumberProperty("requests", client.requests());
      json.writeNumberProperty("errors", client.errors());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** What the status line has, under its names. */
  private static void line(JsonGenerator json, Snapshot now) {
    json.writeNumberProperty("nr_dirty", now.dirtyLines());
    json.writeNumberProperty("nr_segments", now.segments());
    json.writeNumberProperty("last_migrated", now.writtenBackId());
    json.writeNumberProperty("last_flushed", now.durableId());
    json.writeNumberProperty("current_id", now.newestId());
    json.writeNumberProperty("cursor", now.cursor());
    json.writeNumberProperty("nr_cur_batched_migration", now.batchedSegments());
  }

  private static void log(JsonGenerator json, Snapshot now) {
    long used = now.newestId() - now.writtenBackId();
    json.writeNumberProperty("dirty_bytes", now.dirtyLines() * Start.LINE_BYTES);
    json.writeNumberProperty("unsaved_bytes", now.unsavedBytes());
    json.writeNumberProperty("oldest_dirty_seconds", now.oldestDirtySeconds());
    json.writeObjectPropertyStart("log");
    json.writeNumberProperty("segments_in_use", used);
    json.writeNumberProperty("fill", share(used, now.segments()));
    json.writeNumberProperty("bytes_written", now.bytesLogged());
    json.writeNumberProperty("flushes", now.flushes());
    json.writeEndObject();
  }

  private static void pieces(JsonGenerator json, Pieces pieces) {
    json.writeArrayPropertyStart("pieces");
    for (int kind = 0; kind < Pieces.KINDS; kind++) {
      json.writeStartObject();
      json.writeBooleanProperty("write", (kind & Pieces.WRITE) != 0);
      json.writeBooleanProperty("hit", (kind & Pieces.HIT) != 0);
      json.writeBooleanProperty("on_buffer", (kind & Pieces.ON_BUFFER) != 0);
      json.writeBooleanProperty("full_size", (kind & Pieces.FULL_SIZE) != 0);
      json.writeNumberProperty("count", pieces.of(kind));
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeObjectPropertyStart("hit_ratio");
    hitRatio(json, "read", pieces, 0);
    hitRatio(json, "write", pieces, Pieces.WRITE);
    json.writeEndObject();
  }

  /** Left out while there were none. */
  private static void hitRatio(JsonGenerator json, String name, Pieces pieces, int kind) {
    long all = pieces.sum(Pieces.WRITE, kind);
    if (all > 0) {
      long hits = pieces.sum(Pieces.WRITE | Pieces.HIT, kind | Pieces.HIT);
      json.writeNumberProperty(name, share(hits, all));
    }
  }

  private void writeback(JsonGenerator json, Snapshot now) {
    Rates.Now rate = rates.now();
    json.writeObjectPropertyStart("writeback");
    json.writeNumberProperty("bytes_per_second", Math.round(rate.writtenBack()));
    json.writeNumberProperty("logged_bytes_per_second", Math.round(rate.logged()));
    json.writeNumberProperty("lines_written", now.linesWrittenBack());
    json.writeStringProperty("trouble", now.backingTrouble());
    json.writeEndObject();
  }

  private static void latency(JsonGenerator json, String name, Histogram histogram) {
    json.writeObjectPropertyStart(name);
    json.writeNumberProperty("count", histogram.getTotalCount());
    if (histogram.getTotalCount() > 0) {
      json.writeNumberProperty("p50_us", histogram.getValueAtPercentile(50) / NS_PER_US);
      json.writeNumberProperty("p90_us", histogram.getValueAtPercentile(90) / NS_PER_US);
      json.writeNumberProperty("p99_us", histogram.getValueAtPercentile(99) / NS_PER_US);
      json.writeNumberProperty("p99_9_us", histogram.getValueAtPercentile(99.9) / NS_PER_US);
      json.writeNumberProperty("max_us", histogram.getMaxValue() / NS_PER_US);
    }
    json.writeEndObject();
  }

  private static void tunables(JsonGenerator json, Snapshot now) {
    json.writeObjectPropertyStart("tunables");
    for (Tunable tunable : Tunable.values()) {
      json.writeNumberProperty(tunable.key(), now.tunables().get(tunable));
    }
    json.writeEndObject();
  }

  private void resume(JsonGenerator json) {
    Recovery.Result found = volume.recovery();
    json.writeObjectPropertyStart("resume");
    json.writeStringProperty(
        "cache", volume.formatted() ? "formatted" : volume.adopted() ? "adopted" : "resumed");
    json.writeNumberProperty("last_migrated", found.record());
    json.writeNumberProperty("last_segment", found.last());
    json.writeNumberProperty("dirty_bytes", found.dirtyLines() * Start.LINE_BYTES);
    json.writeNumberProperty("torn_segments", found.dropped());
    json.writeArrayPropertyStart("not_used");
    found.notUsed().forEach(json::writeString);
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void damage(JsonGenerator json, Snapshot now) {
    json.writeObjectPropertyStart("damage");
    json.writeNumberProperty("damaged_lines", now.damagedLines());
    json.writeNumberProperty("refused_lines", now.refusedLines());
    json.writeNumberProperty("copied_forward_lines", now.copiedForwardLines());
    json.writeNumberProperty("lost_sectors", now.lostSectors());
    json.writeEndObject();
  }

  private void memory(JsonGenerator json) {
    Runtime heap = Runtime.getRuntime();
    json.writeObjectPropertyStart("memory");
    json.writeNumberProperty("reserved_bytes", volume.memoryBytes());
    json.writeNumberProperty("buffers_bytes", need.buffers());
    json.writeNumberProperty("tables_bytes", need.tables());
    json.writeNumberProperty("clients_max_bytes", need.clients());
    json.writeNumberProperty("heap_max_bytes", need.heap());
    json.writeNumberProperty("max_bytes", need.atMost());
    json.writeNumberProperty("heap_bytes", heap.totalMemory() - heap.freeMemory());
    json.writeNumberProperty("resident_bytes", Memory.residentBytes());
    json.writeEndObject();
  }

  private static double share(long part, long whole) {
    return Math.round(10_000.0 * part / Math.max(1, whole)) / 10_000.0;
  }
}
