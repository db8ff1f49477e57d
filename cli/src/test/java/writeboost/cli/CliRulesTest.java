package writeboost.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

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
}
