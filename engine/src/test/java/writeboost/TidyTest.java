package writeboost;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What CONTRIBUTING.md asks of every Java file of the repository, as far as a text search can tell.
 */
final class TidyTest {

  private static final int MAX_LINES = 500;

  /** Put together here, so that this file does not find itself. */
  private static final Pattern LEFT_OVER = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|X" + "XX)\\b");

  private static final Pattern SLEEP =
      Pattern.compile("\\b(Thread|TimeUnit\\.\\w+)\\s*(\\.|::)\\s*sle" + "ep\\b");

  /**
   * Sought in the text without its blanks. Handing on an interrupt that came from outside is fine.
   */
  private static final Pattern INTERRUPT =
      Pattern.compile(
          "(?<!Thread\\.currentThread\\(\\))(\\.|::)interrupt\\b|(\\.|::)shutdownNow\\b|\\.cancel\\(true");

  private static final TreeMap<Path, String> SOURCES = readSources(repository());

  @Test
  void filesAreShort() {
    assertThat(found(text -> text.lines().count() > MAX_LINES)).isEmpty();
  }

  @Test
  void thereAreNoTabs() {
    assertThat(found(text -> text.contains("\t"))).isEmpty();
  }

  @Test
  void nothingIsLeftToDo() {
    assertThat(found(text -> LEFT_OVER.matcher(text).find())).isEmpty();
  }

  @Test
  void testsDoNotSleep() {
    assertThat(found(text -> SLEEP.matcher(text).find()))
        .filteredOn(path -> path.toString().contains("src/test/"))
        .isEmpty();
  }

  /** An interrupt during I/O closes the file for every thread. */
  @Test
  void nobodyInterruptsAThread() {
    assertThat(found(TidyTest::interrupts))
        .filteredOn(path -> path.toString().contains("src/main/"))
        .isEmpty();
  }

  @Test
  void everyPackageSaysWhatItIsForAndIsNullMarked() {
    List<Path> unmarked =
        SOURCES.keySet().stream()
            .filter(path -> path.toString().contains("src/main/"))
            .map(Path::getParent)
            .distinct()
            .filter(room -> !isMarked(SOURCES.get(room.resolve("package-info.java"))))
            .toList();
    assertThat(unmarked).isEmpty();
  }

  @Test
  void theSearchFindsSomething() {
    assertThat(SOURCES.keySet().toString()).contains("engine/src/main", "nbd/src/main", "TidyTest");
    assertThat("Thread." + "sleep(1)").matches(text -> SLEEP.matcher(text).find());
    assertThat("// TO" + "DO").matches(text -> LEFT_OVER.matcher(text).find());
    assertThat(List.of("worker\n  .interrupt();", "pool.shutdownNow()", "future.cancel( true)"))
        .allMatch(TidyTest::interrupts);
    assertThat(List.of("Thread.currentThread()\n  .interrupt();", "timeout.cancel(false)"))
        .noneMatch(TidyTest::interrupts);
  }

  private static boolean interrupts(String text) {
    return INTERRUPT.matcher(text.replaceAll("\\s", "")).find();
  }

  private static boolean isMarked(String packageInfo) {
    return packageInfo != null
        && packageInfo.startsWith("/**")
        && packageInfo.contains("\n@NullMarked\n");
  }

  private static List<Path> found(Predicate<String> fault) {
    return SOURCES.entrySet().stream()
        .filter(source -> fault.test(source.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static Path repository() {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.exists(directory.resolve("engine/pom.xml"))) {
      directory = directory.getParent();
    }
    return directory;
  }

  private static TreeMap<Path, String> readSources(Path root) {
    TreeMap<Path, String> sources = new TreeMap<>();
    for (String module : List.of("engine", "nbd", "cli", "bench")) {
      try (Stream<Path> files = Files.walk(root.resolve(module).resolve("src"))) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          sources.put(root.relativize(file), Files.readString(file));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return sources;
  }
}
