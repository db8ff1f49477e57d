package writeboost.nbd;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** What the NBD room may know: it is useful to any Java program, without the cache. */
final class NbdRulesTest {

  private static final JavaClasses ROOM =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("writeboost.nbd");

  @Test
  void ofTheEngineOnlyTheDevicePackageIsKnown() {
    classes()
        .should()
        .onlyDependOnClassesThat(
            resideInAPackage("writeboost.nbd..")
                .or(resideInAPackage("writeboost.device.."))
                .or(resideInAPackage("org.jspecify.."))
                .or(resideInAPackage("java.."))
                .or(resideInAPackage("javax.net.ssl..")))
        .check(ROOM);
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
