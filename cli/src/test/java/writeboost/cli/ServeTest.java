package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract of {@code serve} with scripts: files, sockets, the ready line, signals. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ServeTest {

  private static final String[] NEW = {
    "serve", "b.img", "c.img", "8", "--backing-size", "16M", "--cache-size", "8M"
  };

  @TempDir Path temporary;
  private Path folder;
  private Path socket;

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createDirectory(temporary.resolve("run"));
    socket = folder.resolve("s.sock");
  }

  @Test
  void newFilesAndSocketsAreOursAlone() throws Exception {
    try (CommandRun run = serve("--listen", unix())) {
      assertThat(run.awaitReady()).containsExactly("nbd+unix:///b.img?socket=" + socket);
      assertThat(rights(socket)).isEqualTo("rw-------");
      assertThat(rights(folder.resolve("b.img"))).isEqualTo("rw-------");
      assertThat(rights(folder.resolve("c.img"))).isEqualTo("rw-------");
      assertThat(Files.size(folder.resolve("b.img"))).isEqualTo(16 << 20);
      assertThat(Files.size(folder.resolve("c.img"))).isEqualTo(8 << 20);
      run.signal("TERM");
      assertThat(run.exitCode()).isZero();
      assertThat(run.output()).isEmpty();
      assertThat(run.errors().lines()).allMatch(line -> line.startsWith("writeboost: "));
    }
    assertThat(socket).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void aSignalEndsItWell(String signal) throws Exception {
    try (CommandRun run = serve("--listen", unix())) {
      run.awaitReady();
      run.signal(signal);
      assertThat(run.exitCode()).as(run::errors).isZero();
    }
    try (CommandRun again = serve("--listen", unix())) {
      again.awaitReady();
      assertThat(again.errors()).contains("resumed");
    }
  }

  @Test
  void aSocketLeftOverByACrashIsReplaced() throws Exception {
    try (CommandRun run = serve("--listen", unix())) {
      run.awaitReady();
    }
    assertThat(Files.exists(socket, LinkOption.NOFOLLOW_LINKS)).isTrue();
    try (CommandRun again = serve("--listen", unix())) {
      again.awaitReady();
      SocketChannel.open(UnixDomainSocketAddress.of(socket)).close();
    }
  }

  @Test
  void aSocketThatSomebodyElsePutInItsPlaceStays() throws Exception {
    try (CommandRun run = serve("--listen", unix());
        ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      run.awaitReady();
      Files.delete(socket);
      other.bind(UnixDomainSocketAddress.of(socket));
      run.signal("TERM");
      assertThat(run.exitCode()).isZero();
    }
    assertThat(Files.exists(socket, LinkOption.NOFOLLOW_LINKS)).isTrue();
  }

  @Test
  void listensInSeveralPlacesUnderOneName() throws Exception {
    String path = folder + "/with%20blank";
    try (CommandRun run =
        serve(
            "--listen", "nbd+unix:///?socket=" + path, "--listen", "nbd://127.0.0.1:0/a%20name")) {
      List<String> uris = run.awaitReady();
      assertThat(uris).hasSize(2);
      assertThat(uris.getFirst()).isEqualTo("nbd+unix:///a%20name?socket=" + path);
      assertThat(uris.getLast()).matches("nbd://127\\.0\\.0\\.1:[1-9]\\d*/a%20name");
      assertThat(run.errors().lines().filter(line -> line.contains("TCP"))).hasSize(1);
    }
  }

  /** A client is sent the name and a description, neither longer than the protocol allows. */
  @Test
  void theLongestPathOfABackingFile() throws Exception {
    int longest = 4095;
    Path place = folder;
    while (place.toString().length() + 403 < longest) {
      place = place.resolve("d".repeat(200));
    }
    Files.createDirectories(place);
    String backing = "b".repeat(longest - place.toString().length() - 201 - 1);
    place = Files.createDirectory(place.resolve("d".repeat(200)));
    Path longPath = place.resolve(backing);
    String[] serve = {
      "serve", longPath.toString(), "c.img", "8", "--backing-size", "16M", "--cache-size", "8M"
    };
    String[] sockets = {"--listen", unix(), "--control", folder.resolve("ctl").toString()};
    String[] all = Stream.of(serve, sockets).flatMap(Stream::of).toArray(String[]::new);
    assertThat(longPath.toString()).hasSize(longest);
    try (CommandRun run = new CommandRun(folder, all)) {
      assertThat(run.awaitReady()).as(run::errors).hasSize(1);
    }
  }

  @Test
  void aNamePerDefaultSocket() throws Exception {
    String name = "writeboost-test-" + ProcessHandle.current().pid();
    boolean root = Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    Path place = root ? Path.of("/run") : folder;
    Path expected = place.resolve("writeboost").resolve(name + ".sock");
    Map<String, String> environment = Map.of("XDG_RUNTIME_DIR", folder.toString());
    try (CommandRun run = new CommandRun(folder, environment, with("--name", name))) {
      assertThat(run.awaitReady()).containsExactly("nbd+unix:///" + name + "?socket=" + expected);
      assertThat(rights(expected)).isEqualTo("rw-------");
      assertThat(rights(expected.getParent())).isEqualTo("rwx------");
      run.signal("TERM");
      assertThat(run.exitCode()).isZero();
    }
    assertThat(expected).doesNotExist();
  }

  @Test
  void stoppedWhileTheCacheIsFilledItLeavesNothing() throws Exception {
    try (CommandRun run =
        new CommandRun(
            folder,
            "serve",
            "b.img",
            "c.img",
            "--backing-size",
            "1G",
            "--cache-size",
            "1G",
            "--listen",
            unix())) {
      run.awaitError("zero-filling");
      run.signal("INT");
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.errors()).contains("stopped before it was ready");
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void readOnlyWritesNothing() throws Exception {
    try (CommandRun run = serve("--listen", unix())) {
      run.awaitReady(); // and killed: there is something to resume
    }
    Files.delete(socket);
    byte[] backing = Files.readAllBytes(folder.resolve("b.img"));
    byte[] cache = Files.readAllBytes(folder.resolve("c.img"));
    try (CommandRun run = serve("--listen", unix(), "--read-only");
        CommandRun second =
            serve("--listen", "nbd+unix:///?socket=" + folder + "/t", "--read-only")) {
      run.awaitReady();
      second.awaitReady(); // readers do not lock each other out
      run.signal("TERM");
      assertThat(run.exitCode()).isZero();
    }
    assertThat(Files.readAllBytes(folder.resolve("b.img"))).isEqualTo(backing);
    assertThat(Files.readAllBytes(folder.resolve("c.img"))).isEqualTo(cache);
  }

  @Test
  void sparseMeansSparse() throws Exception {
    try (CommandRun run = serve("--sparse-cache", "--listen", unix())) {
      run.awaitReady();
    }
    Process du =
        new ProcessBuilder("du", "--block-size=1", folder.resolve("c.img").toString()).start();
    String used =
        new String(du.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(Long.parseLong(used.split("\\s")[0])).isLessThan(2 << 20);
  }

  @Test
  void helpAndVersionGoToStandardOutput() throws Exception {
    for (List<String> arguments :
        List.of(List.of("--help"), List.of("serve", "--help"), List.of("--version"))) {
      try (CommandRun run = new CommandRun(folder, arguments.toArray(String[]::new))) {
        assertThat(run.exitCode()).isZero();
        assertThat(run.errors()).isEmpty();
        String output = run.output();
        assertThat(output).contains("writeboost");
        assertThat(output.contains("Example")).isEqualTo(!arguments.contains("--version"));
      }
    }
  }

  private String unix() {
    return "nbd+unix:///?socket=" + socket;
  }

  private CommandRun serve(String... more) throws IOException {
    return new CommandRun(folder, with(more));
  }

  private static String[] with(String... more) {
    return Stream.of(NEW, more).flatMap(Stream::of).toArray(String[]::new);
  }

  private static String rights(Path path) throws IOException {
    return PosixFilePermissions.toString(
        Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
  }
}
