package writeboost.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the launcher script in a small tree of its own, with a {@code mvn} and a {@code java} that
 * only write down that they were called. The names have blanks in them.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LauncherTest {

  private static final int TIMEOUT_S = 60;

  @TempDir Path temporary;

  private Path tree;
  private Path jdk;
  private Path tools;
  private Path elsewhere;
  private final Map<String, String> environment = new TreeMap<>();

  private record Result(int exit, List<String> out, List<String> err) {}

  @BeforeEach
  void plantTree() throws IOException {
    tree = temporary.resolve("a tree");
    tools = Files.createDirectory(temporary.resolve("the tools"));
    elsewhere = Files.createDirectory(temporary.resolve("some where"));
    jdk = plantJdk("jdk twenty-five", "25.0.3");
    for (String module : List.of("engine", "nbd", "cli")) {
      source(module + "/pom.xml");
      source(module + "/src/main/java/" + module + "/Old.java");
      source(module + "/src/test/java/" + module + "/OldTest.java");
    }
    source("pom.xml");
    plantLauncher();
    plantMaven("exit 0");
    environment.put("PATH", tools + ":" + System.getenv("PATH"));
    environment.put("HOME", temporary.resolve("home").toString());
    environment.put("JAVA_HOME", jdk.toString());
  }

  @Test
  void buildsOnFirstUseOnly() throws Exception {
    Result first = launch("--version");
    Result second = launch("--version");

    assertThat(first.exit()).isZero();
    assertThat(first.err())
        .contains("writeboost: building; that takes a minute or two", "maven speaks");
    assertThat(second.exit()).isZero();
    assertThat(second.err()).isEmpty();
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void stdoutIsTheCommandsAlone() throws Exception {
    assertThat(launch("two words", "", "*").out())
        .containsExactly("in " + elsewhere, "argument two words", "argument ", "argument *");
  }

  @Test
  void exitsAsTheCommandDoes() throws Exception {
    script(jdk.resolve("bin/java"), "exit 7");
    assertThat(launch().exit()).isEqualTo(7);
  }

  @Test
  void aBuildPreparesFasterStarts() throws Exception {
    launch();
    launch();
    assertThat(Files.readAllLines(temporary.resolve("prepared")))
        .containsOnly(jars().getFirst().resolveSibling("start.aot").toString())
        .hasSize(2);
  }

  @Test
  void worksWhereFasterStartsCannotBePrepared() throws Exception {
    environment.put("JAVA_HOME", plantJdk("another jdk", "25.0.3", "exit 1").toString());
    Result result = launch("x");
    assertThat(result.exit()).isZero();
    assertThat(result.out()).containsExactly("in " + elsewhere, "argument x");
    assertThat(result.err())
        .contains("writeboost: what makes starts faster could not be prepared; it works without");
    assertThat(temporary.resolve("prepared")).doesNotExist();
  }

  @Test
  void buildsAgainWhenASourceChanged() throws Exception {
    launch();
    touch("engine/src/main/java/engine/Old.java");
    launch();
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void buildsAgainWhenASourceCameOrWent() throws Exception {
    launch();
    Files.delete(tree.resolve("nbd/src/main/java/nbd/Old.java"));
    touch("nbd/src/main/java/nbd");
    launch();
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void buildsAgainWhenAPomChanged() throws Exception {
    launch();
    touch("pom.xml");
    launch();
    touch("cli/pom.xml");
    launch();
    assertThat(builds()).isEqualTo(3);
  }

  @Test
  void aChangedTestIsNoReasonToBuild() throws Exception {
    launch();
    touch("cli/src/test/java/cli/OldTest.java");
    launch();
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void aSourceThatChangedDuringTheBuildIsBuiltAgain() throws Exception {
    plantMaven("touch engine/src/main/java/engine/Old.java");
    launch();
    plantMaven("exit 0");
    launch();
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void afterAFailedBuildNothingRunsNotEvenTheOldBuild() throws Exception {
    launch();
    plantMaven("exit 1");
    touch("cli/src/main/java/cli/Old.java");

    Result failed = launch();

    assertThat(failed.exit()).isEqualTo(1);
    assertThat(failed.out()).isEmpty();
    assertThat(failed.err())
        .contains("writeboost: the build failed, see above; nothing was started");
    plantMaven("exit 0");
    assertThat(launch().exit()).isZero();
    assertThat(builds()).isEqualTo(3);
  }

  @Test
  void ofTwoAtOnceOneBuildsAndTheOtherWaits() throws Exception {
    Path entered = fifo("entered");
    Path leave = fifo("leave");
    plantMaven("echo >'%s'; read -r _ <'%s'".formatted(entered, leave));

    Process first = start(List.of(tree.resolve("writeboost").toString()));
    Files.readString(entered); // the first one is building
    Process second = start(List.of(tree.resolve("writeboost").toString()));
    try (BufferedReader err = second.errorReader(UTF_8)) {
      assertThat(err.readLine()).isEqualTo("writeboost: waiting for another build to end");
      Files.writeString(leave, "\n");
      assertThat(first.waitFor(TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
      assertThat(second.waitFor(TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(List.of(first.exitValue(), second.exitValue())).containsExactly(0, 0);
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void aServerKeepsItsJarsWhenTheTreeIsBuiltAgain() throws Exception {
    launch();
    Path running = jars().getFirst();
    touch("pom.xml");
    launch();
    assertThat(jars()).hasSize(2).contains(running);
    touch("pom.xml");
    launch();
    assertThat(jars()).hasSize(2).doesNotContain(running);
  }

  @Test
  void worksThroughSymbolicLinks() throws Exception {
    Path link = Files.createSymbolicLink(temporary.resolve("wb"), tree.resolve("writeboost"));
    Path second = Files.createSymbolicLink(elsewhere.resolve("wb 2"), link);
    assertThat(run(List.of(second.toString(), "x")).out()).contains("argument x");
    assertThat(run(List.of("./wb 2", "y")).out()).contains("argument y");
  }

  @Test
  void worksWithoutHome() throws Exception {
    environment.put("HOME", "");
    assertThat(launch().exit()).isZero();
    environment.remove("HOME");
    assertThat(launch().exit()).isZero();
  }

  @Test
  void findsAJdkInTheUsualPlacesWhenJavaHomeIsTooOld() throws Exception {
    environment.put("JAVA_HOME", plantJdk("jdk seventeen", "17.0.1").toString());
    plantJdk("usual/older", "21.0.1");
    plantJdk("usual/right", "26-ea");
    assertThat(launch().out()).contains("in " + elsewhere);
  }

  @Test
  void findsAJdkOnThePath() throws Exception {
    environment.remove("JAVA_HOME");
    Files.createSymbolicLink(tools.resolve("java"), jdk.resolve("bin/java"));
    assertThat(launch().out()).contains("in " + elsewhere);
  }

  @Test
  void saysWhatToInstallWithoutAJdk() throws Exception {
    environment.put("JAVA_HOME", plantJdk("jdk seventeen", "17.0.1").toString());
    script(tools.resolve("java"), "echo wrong java");

    Result result = launch();

    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .singleElement()
        .asString()
        .contains("JDK 25", "openjdk-25-jdk", "Temurin", "JAVA_HOME");
    assertThat(builds()).isZero();
  }

  private Result launch(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(tree.resolve("writeboost").toString());
    command.addAll(List.of(arguments));
    return run(command);
  }

  private Result run(List<String> command) throws Exception {
    Process process = start(command);
    assertThat(process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
    return new Result(
        process.exitValue(),
        process.inputReader(UTF_8).lines().toList(),
        process.errorReader(UTF_8).lines().toList());
  }

  private Process start(List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(elsewhere.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  private long builds() throws IOException {
    Path log = temporary.resolve("builds");
    return Files.exists(log) ? Files.readAllLines(log).size() : 0;
  }

  private List<Path> jars() throws IOException {
    try (var files = Files.walk(tree.resolve("target"))) {
      return files.filter(path -> path.endsWith("writeboost.jar")).sorted().toList();
    }
  }

  /** A copy of the real launcher that takes the places of the test for the usual ones. */
  private void plantLauncher() throws IOException {
    Path launcher = tree.resolve("writeboost");
    Files.copy(repository().resolve("writeboost"), launcher, StandardCopyOption.COPY_ATTRIBUTES);
    String library = Files.readString(repository().resolve("bin/launch.bash"));
    String places = "/usr/lib/jvm/* /opt/* /opt/*/*";
    assertThat(library).contains(places);
    String mine = "\"" + temporary + "\"/usual/*";
    Files.createDirectory(tree.resolve("bin"));
    Files.writeString(tree.resolve("bin/launch.bash"), library.replace(places, mine));
  }

  private static Path repository() {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.exists(directory.resolve("writeboost"), LinkOption.NOFOLLOW_LINKS)
        || !Files.exists(directory.resolve("engine/pom.xml"))) {
      directory = directory.getParent();
    }
    return directory;
  }

  private void plantMaven(String lastCommand) throws IOException {
    script(
        tools.resolve("mvn"),
        """
        echo "$PWD $*" >>'%s/builds'
        echo maven speaks
        mkdir -p cli/target/launcher/lib
        touch cli/target/launcher/writeboost.jar
        %s\
        """
            .formatted(temporary, lastCommand));
  }

  private Path plantJdk(String name, String version) throws IOException {
    return plantJdk(name, version, "{ : >\"${1#*=}\"; echo ready; exit; }");
  }

  private Path plantJdk(String name, String version, String rehearsal) throws IOException {
    Path home = temporary.resolve(name);
    Files.createDirectories(home.resolve("bin"));
    Files.writeString(home.resolve("release"), "OS=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    script(home.resolve("bin/javac"), "exit 0");
    script(
        home.resolve("bin/java"),
        """
        while [[ $1 != -jar ]]; do
          [[ $1 == -XX:AOTCacheOutput=* ]] && %s
          [[ $1 == -XX:AOTCache=* && -f ${1#*=} ]] && echo "${1#*=}" >>"%s/prepared"
          shift
        done
        [[ -f $2 ]] || { echo "no jar: $2"; exit 9; }
        shift 2
        echo "in $PWD"
        (($# == 0)) || printf 'argument %%s\\n' "$@\"\
        """
            .formatted(rehearsal, temporary));
    return home;
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, "#!/usr/bin/env bash\n" + text + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Path fifo(String name) throws Exception {
    Path path = temporary.resolve(name);
    assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor()).isZero();
    return path;
  }

  /** Older than anything the launcher makes. */
  private void source(String name) throws IOException {
    Path file = tree.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, name);
    for (Path path = file; !path.equals(temporary); path = path.getParent()) {
      Files.setLastModifiedTime(path, FileTime.from(Instant.now().minusSeconds(3600)));
    }
  }

  private void touch(String name) throws IOException {
    Files.setLastModifiedTime(tree.resolve(name), FileTime.from(Instant.now()));
  }
}
