package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import writeboost.cli.json.Json;
import writeboost.cli.json.JsonObject;

/** What people see while they watch. */
final class StatusScreenTest {

  private static JsonObject status(long writes) {
    return Json.read(
        """
        {"name":"home","backing":"/dev/sdb\\u001b[31m","cache":"/dev/nvme0n1p4","uptime_seconds":7300,
        "health":{"state":"degraded","reason":"the backing device does not answer"},
        "nr_segments":1000,"dirty_bytes":1048576,"oldest_dirty_seconds":300,"log":{"fill":0.5},
        "clients":[{"requests_in_flight":3},{"requests_in_flight":4}],
        "hit_ratio":{"read":0.25},"writeback":{"bytes_per_second":20480},
        "latency":{"write":{"count":%d,"p50_us":12.5,"p99_us":20000,"max_us":30000.5}},
        "suspended":true,"drain":{"running":true,"done_bytes":1024,"total_bytes":2048},
        "damage":{"damaged_lines":3},"memory":{"resident_bytes":1048576,"max_bytes":1073741824}}
        """
            .formatted(writes));
  }

  @Test
  void itShowsWhatMatters() {
    StatusScreen screen = new StatusScreen();
    String first = screen.of(status(1000), 1);
    assertThat(first)
        .contains("DEGRADED", "the backing device does not answer", "50 % of 1,000 segments")
        .contains("1024 KiB, the oldest for 5 min", "20 KiB/s", "25.0 %", "12 us", "20 ms")
        .contains("suspended", "1024 bytes of 2048 bytes written back", "3 lines", "2 h")
        .contains("2, 7 requests in flight");
    String second = screen.of(status(3000), 1 + TimeUnit.SECONDS.toNanos(2));
    assertThat(second).contains("1,000");
  }

  /** Each line is written over whole, and no name can send anything to the terminal. */
  @Test
  void itOnlyWritesOver() {
    StatusScreen screen = new StatusScreen();
    String first = screen.of(status(1), 1);
    assertThat(first).startsWith("\033[2J\033[H").endsWith("\033[J");
    String second = screen.of(status(1), 2);
    assertThat(second).startsWith("\033[H").doesNotContain("\033[2J").doesNotContain("\033[31m");
    String lines = second.substring("\033[H".length(), second.length() - "\033[J".length());
    assertThat(lines.split("\n")).allMatch(line -> line.endsWith("\033[K\r"));
    assertThat(lines.replace("\033[K", "")).doesNotContain("\033");
  }
}
