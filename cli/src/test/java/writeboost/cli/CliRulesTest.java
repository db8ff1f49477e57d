package writeboost.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** What the command may do. It may know every other room but the benchmarks. */
final class CliRulesTest {

  private static final JavaClasses ROOM =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("writeboost.cli");

  @Test
  void theBenchmarksAreUnknown() {
    noClasses().should().dependOnClassesThat().resideInAPackage("writeboost.bench..").check(ROOM);
  }

  @Test
  void foreignFunctionsAreLeftToTheEngine() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.lang\\.foreign\\.(Linker|SymbolLookup|FunctionDescriptor).*")
        .because("a wrong foreign call takes the whole process down: there is one place to look")
        .check(ROOM);
  }

  @Test
  void theControlSocketKnowsNothingOfTheVolume() {
    noClasses()
        .that()
        .resideInAnyPackage("writeboost.cli.control", "writeboost.cli.json")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "writeboost.cli",
            "writeboost.nbd..",
            "writeboost.volume..",
            "writeboost.device..",
            "writeboost.log..")
        .check(ROOM);
    noClasses()
        .that()
        .resideInAPackage("writeboost.cli.json")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("writeboost.cli.control")
        .check(ROOM);
  }

  private static Stream<CommandLine> commands() {
    CommandLine main = Main.commandLine("");
    return Stream.concat(Stream.of(main), main.getSubcommands().values().stream());
  }

  /** An example begins with what is typed; no terminal is narrower than 80 columns. */
  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandHasHelpWithExamples(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    assertThat(spec.usageMessage().description()).as(spec.name()).isNotEmpty();
    assertThat(spec.usageMessage().footerHeading()).as(spec.name()).contains("Examples:");
    assertThat(Arrays.stream(spec.usageMessage().footer()).map(String::strip))
        .as(spec.name())
        .anyMatch(line -> line.startsWith(spec.qualifiedName()));
    assertThat(command.getUsageMessage().lines())
        .as(spec.name())
        .allMatch(line -> line.length() <= 80);
    assertThat(command.getUsageMessage().lines().toList())
        .as("what is to be copied is not broken into lines")
        .containsAll(
            Arrays.stream(spec.usageMessage().footer())
                .map(line -> line.replace("%%", "%"))
                .toList());
    assertThat(spec.options()).as(spec.name()).allMatch(option -> option.description().length > 0);
  }
}
