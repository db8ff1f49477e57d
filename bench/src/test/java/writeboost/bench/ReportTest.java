package writeboost.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From what programs print to figures, and from figures to tables. */
final class ReportTest {

  private static final Series OURS = iops("writeboost", 90, 120, 30);
  private static final Series PEER = iops("nbdkit null", 100, 60, 130);

  private static final Result RESULT =
      new Result(
          SmallWrites.deep(),
          List.of(OURS, PEER),
          List.of(
              Verdict.atLeast(1.0, "IOPS", OURS.ratio(PEER, Metric.IOPS)),
              Verdict.atMost(1.0, "less is more", 0.5)),
          List.of("a note"));

  private static Series iops(String name, double... values) {
    Series series = new Series(name);
    for (double value : values) {
      series.add(Metric.IOPS, value);
    }
    return series;
  }

  @Test
  void medians() {
    assertThat(Series.median(3, 1, 2)).isEqualTo(2);
    assertThat(Series.median(4, 1, 2, 3)).isEqualTo(2.5);
  }

  @Test
  void theReportSaysWhatIsMetAndWhatIsNot() {
    assertThat(Report.of(RESULT))
        .contains(
            "T1: 4 KiB random writes",
            "30..120",
            "IOPS: 0.900, target >= 1.0: NOT met",
            "less is more: 0.500, target <= 1.0: met",
            "a note");
  }

  @Test
  void theSummaryHasALineForEachFigureAndForWhatFailed() {
    assertThat(Report.summary(List.of(RESULT), List.of(new SyncCost())).lines())
        .containsExactly(
            "",
            "T1      IOPS: 0.900, target >= 1.0: NOT met",
            "T1      less is more: 0.500, target <= 1.0: met",
            "T5      could not be measured");
  }

  @Test
  void jsonHasEveryRun() {
    assertThat(Json.of(Map.of("a \"b\"", "c\\d"), List.of(RESULT)).replace(" ", ""))
        .contains("\"a\\\"b\\\"\":\"c\\\\d\"", "[90.0,120.0,30.0]", "\"at_most\":1.0");
  }

  @Test
  void whatFioPrintsIsUnderstood() throws Exception {
    Run run =
        Fio.parse(
            """
            note: something else comes first
            {"jobs": [{"error": 0, "read": {"iops": 1}, "write":
              {"iops": 250.5, "bw_bytes": 2000000, "total_ios": 500,
               "clat_ns": {"percentile":
                 {"50.000000": 1000, "99.000000": 2000, "99.900000": 3000}}}}]}
            """,
            true);
    assertThat(run.requests()).isEqualTo(500);
    assertThat(run.figure(Metric.IOPS)).isEqualTo(250.5);
    assertThat(run.figure(Metric.MEGABYTES_PER_S)).isEqualTo(2);
    assertThat(run.figure(Metric.P999_MICROS)).isEqualTo(3);
    assertThat(run.withCpu(1_000_000).figure(Metric.CPU_MICROS)).isEqualTo(2);
  }

  @Test
  void aRunThatFailedIsNoFigure() {
    assertThatThrownBy(() -> Fio.parse("{\"jobs\": [{\"error\": 5}]}", true))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> Fio.parse("fio: cannot connect", true))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("fio: cannot connect");
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
    assertThat(
            Programs.missingPackages(
                List.of("fio", "qemu-nbd", "taskset"), "/nonexistent:" + folder))
        .containsExactly("qemu-utils", "util-linux");
  }
}
