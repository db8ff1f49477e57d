package writeboost;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import writeboost.effect.Misdeeds;

/**
 * The rules that hold the engine together: which room may know which, and what the core may not do.
 *
 * <p>The rooms are built one after another, so a rule whose room is still empty holds ({@code
 * allowEmptyShould}); it begins to bite with the room's first class.
 */
final class ArchitectureTest {

  /** In this order; a room knows itself and those before it, so there is no cycle either. */
  private static final List<String> ROOMS =
      List.of(
          "device",
          "layout",
          "inspect",
          "effect",
          "index",
          "log",
          "writeback",
          "volume",
          "simulate");

  /** Replayed by the simulator bit for bit, so nothing in them may depend on time or chance. */
  private static final String[] CORE = {
    "writeboost.effect..",
    "writeboost.index..",
    "writeboost.log..",
    "writeboost.writeback..",
    "writeboost.volume.."
  };

  /**
   * Not core: in production the driver carries out the core's effects, on whichever thread brought
   * the news, and the volume has the threads and the clock. The simulator stands in for both.
   */
  private static final Set<String> DRIVERS =
      Set.of(
          "writeboost.volume.Volume",
          "writeboost.volume.Preparation",
          "writeboost.volume.Driver",
          "writeboost.volume.Timekeeper",
          "writeboost.volume.Prefault");

  private static final String FOREIGN_FUNCTIONS = "writeboost.device.Posix";

  private static final Set<String> UNORDERED =
      Set.of(
          "java.util.HashMap",
          "java.util.HashSet",
          "java.util.Hashtable",
          "java.util.IdentityHashMap",
          "java.util.WeakHashMap");

  private static final Set<String> CHANCE =
      Set.of("java.util.Random", "java.util.SplittableRandom", "java.security.SecureRandom");

  /** Of java.util.concurrent: what neither waits nor starts anything. */
  private static final Set<String> HARMLESS_CONCURRENCY =
      Set.of("java.util.concurrent.locks.Lock", "java.util.concurrent.locks.ReentrantLock");

  private static final JavaClasses ENGINE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("writeboost");

  @Test
  void everyClassIsInOneOfTheRooms() {
    String[] rooms = ROOMS.stream().map(room -> "writeboost." + room + "..").toArray(String[]::new);
    classes().should().resideInAnyPackage(rooms).check(ENGINE);
  }

  @Test
  void aRoomKnowsOnlyTheRoomsBeforeIt() {
    for (int i = 0; i < ROOMS.size(); i++) {
      roomKnowsOnlyTheRoomsBeforeIt(i).check(ENGINE);
    }
  }

  @Test
  void theCoreDoesNotWaitOrStartThreads() {
    coreNeverWaits().check(ENGINE);
  }

  @Test
  void theCoreDoesNotKnowWhoDrivesIt() {
    noClasses()
        .that(areCore())
        .should()
        .dependOnClassesThat(areDrivers())
        .allowEmptyShould(true)
        .check(ENGINE);
  }

  @Test
  void theCoreDoesNotDependOnTimeOrChance() {
    coreIsDeterministic().check(ENGINE);
  }

  @Test
  void theSimulatorIsReplayable() {
    noClasses()
        .that()
        .resideInAPackage("writeboost.simulate..")
        .should()
        .accessTargetWhere(target(readsAClock()))
        .orShould()
        .accessTargetWhere(target(drawsWithoutASeed()))
        .orShould()
        .dependOnClassesThat(waitsOrStartsThreads())
        .because("a seed replays a run bit for bit")
        .allowEmptyShould(true)
        .check(ENGINE);
  }

  @Test
  void onlyPosixCallsForeignFunctions() {
    onlyPosixLinks().check(ENGINE);
  }

  /** A rule that nothing can break proves nothing: each misdeed must be caught by its rule. */
  @Test
  void theRulesCatchWhatTheyForbid() {
    assertCaught(coreNeverWaits(), Misdeeds.Waits.class);
    assertCaught(coreNeverWaits(), Misdeeds.Sleeps.class);
    assertCaught(coreNeverWaits(), Misdeeds.Queues.class);
    assertCaught(coreIsDeterministic(), Misdeeds.ReadsTheClock.class);
    assertCaught(coreIsDeterministic(), Misdeeds.ReadsTheDate.class);
    assertCaught(coreIsDeterministic(), Misdeeds.Draws.class);
    assertCaught(coreIsDeterministic(), Misdeeds.Unordered.class);
    assertCaught(coreIsDeterministic(), Misdeeds.UnorderedCopy.class);
    assertCaught(onlyPosixLinks(), Misdeeds.Links.class);
    assertCaught(roomKnowsOnlyTheRoomsBeforeIt(ROOMS.indexOf("effect")), Misdeeds.LooksAhead.class);
  }

  private static void assertCaught(ArchRule rule, Class<?> misdeed) {
    JavaClasses alone = new ClassFileImporter().importClasses(misdeed);
    assertThat(rule.evaluate(alone).hasViolation()).as(misdeed.getSimpleName()).isTrue();
  }

  private static ArchRule roomKnowsOnlyTheRoomsBeforeIt(int index) {
    String[] known = new String[index + 3];
    known[0] = "java..";
    known[1] = "org.jspecify..";
    for (int i = 0; i <= index; i++) {
      known[2 + i] = "writeboost." + ROOMS.get(i) + "..";
    }
    return classes()
        .that()
        .resideInAPackage("writeboost." + ROOMS.get(index) + "..")
        .should()
        .onlyDependOnClassesThat(resideInAnyPackage(known))
        .allowEmptyShould(true);
  }

  private static ArchRule coreNeverWaits() {
    return noClasses()
        .that(areCore())
        .should()
        .dependOnClassesThat(waitsOrStartsThreads())
        .orShould()
        .accessTargetWhere(target(isMethod("wait", "notify", "notifyAll")))
        .because("what cannot be done now is a queued request, never a waiting thread")
        .allowEmptyShould(true);
  }

  private static ArchRule coreIsDeterministic() {
    return noClasses()
        .that(areCore())
        .should()
        .accessTargetWhere(target(readsAClock()))
        .orShould()
        .accessTargetWhere(target(isUnorderedFactory()))
        .orShould()
        .accessTargetWhere(target(drawsWithoutASeed()))
        .orShould()
        .dependOnClassesThat(
            describe(
                "are unordered or random",
                type -> UNORDERED.contains(type.getName()) || CHANCE.contains(type.getName())))
        .because("the simulator replays the core bit for bit; time comes in through tick()")
        .allowEmptyShould(true);
  }

  private static ArchRule onlyPosixLinks() {
    return noClasses()
        .that(describe("are not Posix", type -> !isOrIsInside(type, FOREIGN_FUNCTIONS)))
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.lang\\.foreign\\.(Linker|SymbolLookup|FunctionDescriptor).*")
        .because("a wrong foreign call takes the whole process down: there is one place to look");
  }

  private static DescribedPredicate<JavaClass> areCore() {
    return resideInAnyPackage(CORE).and(DescribedPredicate.not(areDrivers()));
  }

  private static DescribedPredicate<JavaClass> areDrivers() {
    return describe(
        "are drivers", type -> DRIVERS.stream().anyMatch(driver -> isOrIsInside(type, driver)));
  }

  private static boolean isOrIsInside(JavaClass type, String name) {
    return type.getName().equals(name) || type.getName().startsWith(name + "$");
  }

  private static DescribedPredicate<JavaClass> waitsOrStartsThreads() {
    return describe(
        "wait or start threads",
        type -> {
          String name = type.getName();
          return name.startsWith("java.lang.Thread")
              || name.startsWith("java.util.Timer")
              || name.startsWith("java.lang.Process")
              || name.startsWith("java.util.concurrent.")
                  && !name.startsWith("java.util.concurrent.atomic.")
                  && !HARMLESS_CONCURRENCY.contains(name);
        });
  }

  private static DescribedPredicate<AccessTarget> readsAClock() {
    return describe(
        "reads a clock",
        access -> {
          String owner = access.getOwner().getName();
          return owner.equals("java.lang.System")
                  && access.getName().matches("nanoTime|currentTimeMillis")
              || owner.startsWith("java.time.") && access.getName().equals("now")
              || owner.startsWith("java.time.Clock")
              || owner.equals("java.util.Date")
              || owner.equals("java.util.Calendar");
        });
  }

  private static DescribedPredicate<AccessTarget> drawsWithoutASeed() {
    return describe(
        "draws without a seed",
        access -> {
          String owner = access.getOwner().getName();
          return access.getFullName().equals("java.util.Random.<init>()")
              || access.getFullName().equals("java.util.SplittableRandom.<init>()")
              || owner.equals("java.util.concurrent.ThreadLocalRandom")
              || owner.equals("java.security.SecureRandom")
              || access.getName().matches("random|randomUUID|identityHashCode");
        });
  }

  /** Their iteration order changes from one run of the machine to the next. */
  private static DescribedPredicate<AccessTarget> isUnorderedFactory() {
    return describe(
        "makes an unordered collection",
        access ->
            access.getOwner().getName().matches("java\\.util\\.(Set|Map)")
                    && access.getName().matches("of|copyOf|ofEntries")
                || access.getOwner().getName().equals("java.util.stream.Collectors")
                    && access.getName().matches("to.*(Set|Map)|groupingBy.*|partitioningBy"));
  }

  private static DescribedPredicate<AccessTarget> isMethod(String... names) {
    Set<String> wanted = Set.of(names);
    return describe(
        "is one of " + wanted,
        access ->
            wanted.contains(access.getName())
                && !access.getOwner().getPackageName().startsWith("writeboost"));
  }
}
