package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The status line that {@code writeboost status} prints after a workload over NBD. The engine's
 * StatusLineTest has the same workload, and works the numbers out.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class GoldenStatusTest {

  /** Of 15 lines each; the superblock's region takes 1 MiB. */
  private static final String SIXTEEN_SEGMENTS = "2M";

  @TempDir private Path temporary;

  @Test
  void hasTheNumbersWorkedOutByHand() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("run"));
    String[] serve = {
      "serve", "backing", "cache", "7", //
      "--backing-size", "1M", "--cache-size", SIXTEEN_SEGMENTS, //
      "--listen", "nbd+unix:///?socket=s", "--control", "ctl", //
      "--set", "allow_writeback=0", "--set", "enable_migration_modulator=0", //
      "--set", "migrate_threshold=55", "--set", "nr_max_batched_migration=9", //
      "--set", "barrier_deadline_ms=1", "--set", "update_sb_record_interval=1800", //
      "--set", "sync_data_interval=3600"
    };
    try (CommandRun server = new CommandRun(folder, serve)) {
      String uri = server.awaitReady().getFirst();
      Serving.client(
          uri,
          "b, s = 4096, 512",
          "data = bytearray(6 * b)",
          // segment 1
          "h.pwrite(data, 0)", // write: 6
          "for i in range(8): h.pwrite(data[:b], 0)", // write hit buffered: 8
          "for i in range(6, 11): h.pwrite(data[:s], i * b)", // part write: 5
          "for i in range(6): h.pwrite(data[:s], 6 * b + i * s)", // part write hit buffered: 6
          "for i in range(16): h.pread(b, b)", // read hit buffered: 16
          "for i in range(12): h.pread(s, b + s)", // part read hit buffered: 12
          "h.zero(3 * b, 16 * b)", // write, a zero run: 7 now
          "for i in range(15): h.pread(b, 16 * b)", // read buffered: 15
          "for i in range(11): h.pread(s, 16 * b + s)", // part read buffered: 11
          "h.pwrite(data[:2 * b], 16 * b)", // write buffered: 2
          "h.pwrite(data[:s], 18 * b)", // part write buffered: 1
          // segment 2
          "h.pwrite(data[:4 * b], 0)", // write hit: 4
          "for i in range(6, 9): h.pwrite(data[:s], i * b + 7 * s)", // part write hit: 3
          "for i in range(14): h.pread(b, 4 * b)", // read hit: 14
          "for i in range(10): h.pread(s, 4 * b + s)", // part read hit: 10
          "for i in range(13): h.pread(b, 40 * b)", // read: 13
          "for i in range(9): h.pread(s, 40 * b + s)", // part read: 9
          "h.flush()");
      try (CommandRun status = new CommandRun(folder, "status", "--control", "ctl")) {
        assertThat(status.exitCode()).as(status::errors).isZero();
        assertThat(status.output().strip())
            .isEqualTo(
                "15 16 0 1 2 22 9 5 10 3 11 1 12 6 13 7 14 4 15 2 16 8"
                    + " 7 barrier_deadline_ms 1 allow_migrate 0 enable_migration_modulator 0"
                    + " migrate_threshold 55 nr_cur_batched_migration 1 sync_interval 3600"
                    + " update_record_interval 1800");
      }
      Serving.stop(server);
    }
  }
}
