package writeboost.cli;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import writeboost.cli.json.JsonObject;

/**
 * A screen for people, made of one status after another. Every line is written over in place; no
 * mode of the terminal is changed, so that whatever ends the program leaves it sane. One thread.
 */
final class StatusScreen {

  private static final String CLEAR = "\033[2J";
  private static final String HOME = "\033[H";
  private static final String REST_OF_LINE = "\033[K";
  private static final String REST_OF_SCREEN = "\033[J";
  private static final int BAR = 40;
  private static final double NS_PER_S = TimeUnit.SECONDS.toNanos(1);

  private JsonObject last = JsonObject.EMPTY;
  private long lastNs;

  /** What brings the screen from the one before to this one. */
  String of(JsonObject status, long nowNs) {
    StringBuilder screen = new StringBuilder();
    screen.append(lastNs == 0 ? CLEAR + HOME : HOME);
    head(screen, status);
    log(screen, status);
    traffic(screen, status, (nowNs - lastNs) / NS_PER_S);
    latency(screen, status.object("latency"));
    rest(screen, status);
    screen.append(REST_OF_SCREEN);
    last = status;
    lastNs = nowNs;
    return screen.toString();
  }

  private static void head(StringBuilder screen, JsonObject status) {
    JsonObject health = status.object("health");
    line(screen, "%-12s%s", status.text("name"), health.text("state").toUpperCase(Locale.ROOT));
    if (!health.text("reason").isEmpty()) {
      line(screen, "%-12s%s", "", health.text("reason"));
    }
    line(screen, "%-12s%s", "backing", status.text("backing"));
    String lost = status.object("backing_connection").text("trouble");
    if (!lost.isEmpty()) {
      line(screen, "%-12s%s", "", lost);
    }
    line(screen, "%-12s%s", "cache", status.text("cache"));
    line(screen, "%-12s%s", "up", duration(status.number("uptime_seconds")));
    List<JsonObject> clients = status.objects("clients");
    long inFlight = clients.stream().mapToLong(each -> each.number("requests_in_flight")).sum();
    line(screen, "%-12s%d, %,d requests in flight", "clients", clients.size(), inFlight);
    line(screen, "");
  }

  private static void log(StringBuilder screen, JsonObject status) {
    JsonObject log = status.object("log");
    double fill = log.fraction("fill");
    int full = Math.clamp(Math.round(fill * BAR), 0, BAR);
    line(
        screen,
        "%-12s[%s%s] %.0f %% of %,d segments",
        "log",
        "#".repeat(full),
        ".".repeat(BAR - full),
        fill * 100,
        status.number("nr_segments"));
    line(
        screen,
        "%-12s%s%s",
        "dirty",
        Size.format(status.number("dirty_bytes")),
        status.number("dirty_bytes") > 0
            ? ", the oldest for " + duration(status.number("oldest_dirty_seconds"))
            : "");
    line(
        screen,
        "%-12s%s/s",
        "write-back",
        Size.format(status.object("writeback").number("bytes_per_second")));
    line(screen, "");
  }

  private void traffic(StringBuilder screen, JsonObject status, double seconds) {
    line(screen, "%-12s%12s%12s%12s%12s%12s", "", "per second", "hits", "p50", "p99", "p99.9");
    for (String kind : new String[] {"read", "write", "barrier"}) {
      JsonObject latency = status.object("latency").object(kind);
      long before = last.object("latency").object(kind).number("count");
      long more = Math.max(0, latency.number("count") - before);
      line(
          screen,
          "%-12s%12s%12s%12s%12s%12s",
          kind + "s",
          lastNs == 0 ? "" : String.format(Locale.ROOT, "%,.0f", more / seconds),
          percent(status.object("hit_ratio"), kind),
          time(latency, "p50_us"),
          time(latency, "p99_us"),
          time(latency, "p99_9_us"));
    }
  }

  private static void latency(StringBuilder screen, JsonObject latency) {
    line(screen, "");
    long slowest = 0;
    for (String kind : new String[] {"read", "write", "barrier"}) {
      slowest = Math.max(slowest, latency.object(kind).number("max_us"));
    }
    line(screen, "%-12s%s", "slowest", time(slowest));
  }

  private static void rest(StringBuilder screen, JsonObject status) {
    JsonObject drain = status.object("drain");
    if (drain.isTrue("running")) {
      line(
          screen,
          "%-12s%s of %s written back",
          "drain",
          Size.format(drain.number("done_bytes")),
          Size.format(drain.number("total_bytes")));
    }
    if (status.isTrue("suspended")) {
      line(screen, "%-12s%s", "suspended", "requests wait until 'resume'");
    }
    JsonObject damage = status.object("damage");
    long damaged = damage.number("damaged_lines") + damage.number("refused_lines");
    if (damaged > 0) {
      line(screen, "%-12s%,d lines", "damage", damaged);
    }
    JsonObject memory = status.object("memory");
    line(
        screen,
        "%-12s%s, at most %s",
        "memory",
        Size.format(memory.number("resident_bytes")),
        Size.format(memory.number("max_bytes")));
  }

  private static String percent(JsonObject ratios, String kind) {
    return ratios.isNumber(kind)
        ? String.format(Locale.ROOT, "%.1f %%", ratios.fraction(kind) * 100)
        : "";
  }

  private static String time(JsonObject latency, String name) {
    return latency.isNumber(name) ? time(latency.number(name)) : "";
  }

  private static String time(long us) {
    return us < 10_000 ? us + " us" : us / 1000 + " ms";
  }

  private static String duration(long seconds) {
    if (seconds < 120) {
      return seconds + " s";
    }
    return seconds < 7200 ? seconds / 60 + " min" : seconds / 3600 + " h";
  }

  private static void line(StringBuilder screen, String format, Object... arguments) {
    String text = String.format(Locale.ROOT, format, arguments);
    screen.append(Messages.oneLine(text)).append(REST_OF_LINE).append("\r\n");
  }
}
