package writeboost.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From single runs to figures. */
final class ComparisonTest {

  private static final Comparison COMPARISON =
      new Comparison(
          Benchmark.T1,
          List.of(
              series("writeboost", new Run(1, 90, 2), new Run(1, 120, 1), new Run(1, 30, 9)),
              series("nbdkit null", new Run(1, 100, 4), new Run(1, 60, 8), new Run(1, 130, 3))),
          new LogState(300, 100, 1000, 127),
          0.01);

  private static Comparison.Series series(String name, Run... runs) {
    return new Comparison.Series(name, List.of(runs));
  }

  @Test
  void medians() {
    assertThat(Comparison.median(3, 1, 2)).isEqualTo(2);
    assertThat(Comparison.median(4, 1, 2, 3)).isEqualTo(2.5);
  }

  @Test
  void ratiosAreOfMediansOursFirst() {
    Comparison.Series peer = COMPARISON.peers().getFirst();
    assertThat(COMPARISON.iopsRatio(peer)).isEqualTo(0.9);
    assertThat(COMPARISON.cpuRatio(peer)).isEqualTo(0.5);
  }

  @Test
  void theReportSaysWhatIsMetAndWhatIsNot() {
    assertThat(Report.of(COMPARISON))
        .contains("IOPS >= 1.0 NOT met, CPU per request <= 1.0 met", "log 20 % full");
  }

  @Test
  void jsonHasEveryRun() {
    assertThat(Json.of(Map.of("a \"b\"", "c\\d"), List.of(COMPARISON)))
        .contains("\"a \\\"b\\\"\": \"c\\\\d\"", "\"iops\": 120,", "\"cpu_us\": 9.000");
  }

  @Test
  void aDrainIsReportedInSeconds() {
    DrainResult drain =
        new DrainResult(32_768, 4L << 30, List.of(40.0, 30.0, 50.0), List.of(300.0, 280.0));
    assertThat(drain.ratio()).isCloseTo(7.25, within(1e-9));
    assertThat(Report.of(drain))
        .contains("128 MiB over 4096 MiB", "30.0..50.0", "819", ">= 5.0 met");
    assertThat(Json.of(Map.of(), List.of(drain)))
        .contains("\"drain_s\": [40.000, 30.000, 50.000]", "\"ratio\": 7.250");
  }

  @Test
  void whatTookNoLineWasWrittenInPlace() {
    LogState log = LogState.parse(new LogState(100, 0, 1000, 127).toString());
    assertThat(log.overwrittenInPlace(12_700)).isZero();
    assertThat(log.overwrittenInPlace(25_400)).isCloseTo(0.5, within(1e-9));
  }

  @Test
  void missingProgramsAreNamedByTheirPackages(@TempDir Path folder) throws Exception {
    Path fio = Files.createFile(folder.resolve("fio"));
    Files.setPosixFilePermissions(fio, PosixFilePermissions.fromString("rwx------"));
    assertThat(Programs.missingPackages("/nonexistent:" + folder))
        .containsExactly("nbdkit", "util-linux");
  }
}
