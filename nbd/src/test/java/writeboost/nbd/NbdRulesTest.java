package writeboost.nbd;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.concurrent.Future;
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
                .or(resideInAPackage("java..")))
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

  @Test
  void nobodyInterruptsAThread() {
    noClasses()
        .should()
        .accessTargetWhere(
            JavaAccess.Predicates.target(
                DescribedPredicate.describe("interrupts", NbdRulesTest::interrupts)))
        .because("an interrupt during I/O closes the file for every thread")
        .check(ROOM);
  }

  private static boolean interrupts(AccessTarget target) {
    return switch (target.getName()) {
      case "interrupt", "shutdownNow" -> true;
      case "cancel" -> target.getOwner().isAssignableTo(Future.class);
      default -> false;
    };
  }
}
