package writeboost.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What can be measured, and how it is asked for. */
final class TargetsTest {

  @Test
  void eachTargetSaysWhatItIs() {
    assertThat(Targets.ALL).extracting(Target::name).doesNotHaveDuplicates();
    assertThat(Targets.ALL)
        .allSatisfy(
            target -> {
              assertThat(target.what()).isNotEmpty().hasSizeLessThan(90);
              assertThat(target.against()).isNotEmpty().hasSizeLessThan(90);
            });
    assertThat(Report.list(Targets.ALL)).contains("T1 ", "nbdkit null", "target IOPS >= 1.0");
  }

  @Test
  void whatIsNotThereIsAskedForInVain() {
    assertThat(refusal(2, "T99")).contains("no target is called T99");
    assertThat(refusal(2, "--bogus")).contains("--bogus");
  }

  @Test
  void whatCannotBeWrittenIsToldBeforeAnythingIsMeasured(@TempDir Path folder) {
    Path json = folder.resolve("nowhere").resolve("figures.json");
    assertThat(refusal(1, "T5", "--dir", folder.toString(), "--json", json.toString()))
        .contains(json.toString());
    assertThat(folder).isEmptyDirectory();
  }

  /** One line. */
  private static String refusal(int exitCode, String... arguments) {
    CommandLine command = Compare.commandLine();
    StringWriter errors = new StringWriter();
    command.setErr(new PrintWriter(errors));
    assertThat(command.execute(arguments)).isEqualTo(exitCode);
    assertThat(errors.toString()).startsWith("bench/compare: ").hasLineCount(1);
    return errors.toString();
  }

  @Test
  void whatIsCountedIsTheSameEachTime(@TempDir Path folder) throws Exception {
    try (Workspace workspace = Workspace.in(folder)) {
      Result result = new SyncCost().measure(new Bench(workspace, true, true));
      assertThat(result.series().getFirst().median(Metric.LINES)).isEqualTo(1);
    }
  }
}
