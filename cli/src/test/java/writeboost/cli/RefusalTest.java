package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import writeboost.nbd.ExternalTool;

/**
 * Bad input: one line that says what is wrong and what to do, the right exit code, and not a byte
 * changed. {@code b} and {@code c} are there; {@code new} files are not.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RefusalTest {

  private static final int MIB = 1 << 20;

  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void plantFiles() throws Exception {
    folder = Files.createDirectory(temporary.resolve("run"));
    file("b", 8 * MIB);
    file("c", 8 * MIB);
    byte[] noise = new byte[2 * MIB];
    new Random(1).nextBytes(noise);
    Files.write(folder.resolve("noise"), noise);
    file("small", 4096);
    file("empty", 0);
    file("odd", 8 * MIB + 100);
    Files.createSymbolicLink(folder.resolve("link-to-b"), Path.of("b"));
    Files.createLink(folder.resolve("other-b"), folder.resolve("b"));
    Files.createSymbolicLink(folder.resolve("dangling"), Path.of("nothing"));
    Files.createDirectory(folder.resolve("folder"));
    ExternalTool.find("mkfifo").run(Serving.LIMIT, folder.resolve("fifo").toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          2 |                                              | subcommand
          2 | bogus                                        | no command 'bogus'; see 'writeboost --help'
          2 | help serve                                   | no command 'help'
          2 | --bogus                                      | Unknown option: '--bogus'
          2 | serve                                        | BACKING
          2 | serve b                                      | CACHE
          2 | serve b c 10 more                            | more
          2 | serve b c --bogus                            | --bogus
          2 | serve b c ten                                | ten
          2 | serve b c 3                                  | 4 to 10
          2 | serve b c 11                                 | 4 to 10
          2 | serve b c 12 --layout v1                     | 4 to 11
          2 | serve b c --layout v1 --adopt                | --adopt
          2 | serve b c --layout v3                        | v3
          2 | serve b c --poll-us 1001                     | 0 to 1000
          2 | serve b c --poll-us -1                       | 0 to 1000
          2 | serve b new --cache-size 4Q                  | 4Q
          2 | serve b new --cache-size 0                   | 0
          2 | serve b new --cache-size -1                  | --cache-size
          2 | serve b new --cache-size 9999999999T         | 9999999999T
          2 | serve b new --cache-size 4194305             | multiple of 512
          2 | serve b b                                    | same
          2 | serve b link-to-b                            | same
          2 | serve b other-b                              | same
          2 | serve new ./new --backing-size 4M --cache-size 4M | same
          2 | serve new folder/../new --backing-size 4M --cache-size 4M | same
          1 | serve new c                                  | --backing-size
          1 | serve b new                                  | --cache-size
          1 | serve b new --cache-size 4K                  | too small
          1 | serve new new2 --backing-size 8M --cache-size 4K | too small
          1 | serve b new --cache-size 32T                 | too large
          1 | serve new c --backing-size 5000000G          | too large
          1 | serve b small                                | too small
          1 | serve b empty                                | empty
          1 | serve odd c                                  | multiple of 512
          1 | serve b folder                               | folder
          1 | serve b /dev/null                            | /dev/null
          1 | serve b noise                                | noise
          1 | serve b dangling --cache-size 4M             | link
          1 | serve dangling c --backing-size 4M           | link
          1 | serve b none/new --cache-size 4M             | none/new
          1 | serve b c --cache-size 4M                    | 4194304
          1 | serve b c --backing-size 4M                  | 4194304
          1 | serve b c --ram-buffers 8000G                | memory
          1 | serve b c --read-only                        | --read-only
          1 | serve b new --read-only --cache-size 4M      | --read-only
          1 | serve new c --read-only --backing-size 4M    | --read-only
          2 | serve b c --listen foo                       | foo
          2 | serve b c --listen nbd+unix:///x             | nbd+unix:///x
          2 | serve b c --listen nbd+unix://x?socket=s     | nbd+unix:///NAME?socket=PATH
          2 | serve b c --listen nbds://127.0.0.1          | --tls-cert and --tls-key
          2 | serve b c --tls-cert x                       | --tls-cert and --tls-key
          2 | serve b c --tls-key x                        | --tls-cert and --tls-key
          2 | serve b c --tls-ca x                         | --tls-verify-peer
          2 | serve b c --tls-verify-peer                  | --tls-ca
          2 | serve b c --tls-ca x --tls-verify-peer       | --tls-cert and --tls-key
          1 | serve b c --tls-cert new --tls-key new       | new: no such file
          1 | serve b c --tls-cert empty --tls-key empty   | no certificate in PEM form
          2 | serve b c --listen nbd://0.0.0.0:0           | --insecure
          2 | serve b c --name x --listen nbd://127.0.0.1:0/y | called
          1 | serve b c --listen nbd+unix:///?socket=noise | noise
          1 | serve b c --listen nbd+unix:///?socket=none/s | none
          2 | serve b c --listen nbd+unix:///?socket=s --control ./s | two sockets
          2 | serve b c --listen nbd+unix:///?socket=s --listen nbd+unix:///?socket=folder/../s | two
          1 | writeback b folder             | folder: is a folder
          1 | writeback b empty              | empty: is empty
          1 | writeback b c                  | holds no writeboost cache
          1 | writeback b fifo               | fifo: is neither a file nor a block device
          """)
  void badInput(int exitCode, String arguments, String says) throws Exception {
    refused(exitCode, says, arguments == null ? new String[0] : arguments.split(" "));
  }

  @Test
  void aPortInUse() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      String port = "127.0.0.1:" + other.getLocalPort();
      refused(1, String.valueOf(other.getLocalPort()), serveNew("--listen", "nbd://" + port));
    }
  }

  @Test
  void aSocketInUse() throws Exception {
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(folder.resolve("s")));
      refused(
          1,
          "another server listens there; stop it",
          serveNew("--listen", "nbd+unix:///?socket=s"));
    }
  }

  @Test
  void aSocketThatNobodyListensOnStaysWhileTheStartFails() throws Exception {
    Path socket = folder.resolve("s");
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(socket));
    }
    refused(1, "noise", "serve", "b", "noise", "--listen", "nbd+unix:///?socket=s");
    assertThat(socket).exists();
  }

  @Test
  void aPathTooLongForASocket() throws Exception {
    String name = "s".repeat(108);
    refused(1, "too long", serveNew("--listen", "nbd+unix:///?socket=/tmp/" + name));
  }

  @Test
  void anExportNameTooLongForClients() throws Exception {
    String[] serve = serveNew("--name", "é".repeat(2049), "--listen", "nbd+unix:///?socket=s");
    refused(2, "at most 4096 bytes", serve);
  }

  @Test
  void noUsualPlaceForASocket() throws Exception {
    boolean root = "root".equals(System.getProperty("user.name"));
    assumeFalse(root, "root needs no XDG_RUNTIME_DIR");
    refused(Map.of("XDG_RUNTIME_DIR", ""), 2, "XDG_RUNTIME_DIR", serveNew());
  }

  @Test
  void noSpaceForTheCacheTakesTheBackingFileBackToo() throws Exception {
    long tooMuch = Files.getFileStore(folder).getTotalSpace() / MIB + 1024;
    refused(
        1, "new2", "serve", "new", "new2", "--backing-size", "4M", "--cache-size", tooMuch + "M");
  }

  @Test
  void aServerOnTheSameCacheOrBacking() throws Exception {
    file("c2", 8 * MIB);
    file("b2", 8 * MIB);
    String listen = "nbd+unix:///?socket=";
    try (CommandRun first =
        new CommandRun(folder, "serve", "b", "c", "--listen", listen + "first")) {
      first.awaitReady();
      refused(1, "/b: in use", "serve", "b", "c2", "--listen", listen + "second");
      refused(1, "/c: in use", "serve", "b2", "c", "--listen", listen + "second");
    }
  }

  @Test
  void aCacheThatWasMadeOtherwise() throws Exception {
    file("b2", 16 * MIB);
    String listen = "nbd+unix:///?socket=s";
    try (CommandRun first = new CommandRun(folder, "serve", "b", "c", "8", "--listen", listen)) {
      first.awaitReady();
      first.signal("TERM");
      assertThat(first.exitCode()).isZero();
    }
    refused(1, "order 8, not 9", "serve", "b", "c", "9", "--listen", listen);
    refused(1, "backing", "serve", "b2", "c", "8", "--listen", listen);
    refused(1, "new", "serve", "new", "c", "8", "--backing-size", "8M", "--listen", listen);
    try (RandomAccessFile cache = new RandomAccessFile(folder.resolve("c").toFile(), "rw")) {
      cache.setLength(16 * MIB);
    }
    refused(1, "old size", "serve", "b", "c", "8", "--listen", listen);
  }

  @Test
  void aCacheOfAnotherLayout() throws Exception {
    String listen = "nbd+unix:///?socket=s";
    try (CommandRun first =
        new CommandRun(folder, "serve", "b", "c", "11", "--layout", "v1", "--listen", listen)) {
      first.awaitReady();
      first.signal("TERM");
      assertThat(first.exitCode()).isZero();
    }
    refused(1, "say --layout v1", "serve", "b", "c", "--listen", listen);
    refused(1, "order 11, not 10", "serve", "b", "c", "--layout", "v1", "--listen", listen);
    refused(1, "--layout v1", "serve", "b", "c", "--adopt", "--listen", listen);
    refused(
        1,
        "new",
        "serve",
        "new",
        "c",
        "11",
        "--layout",
        "v1",
        "--backing-size",
        "8M",
        "--listen",
        listen);
    file("c2", 8 * MIB);
    try (CommandRun first = new CommandRun(folder, "serve", "b", "c2", "--listen", listen)) {
      first.awaitReady();
      first.signal("TERM");
      assertThat(first.exitCode()).isZero();
    }
    refused(1, "leave out --layout v1", "serve", "b", "c2", "--layout", "v1", "--listen", listen);
  }

  @Test
  void aCacheInThePlaceOfTheBackingDevice() throws Exception {
    String listen = "nbd+unix:///?socket=s";
    try (CommandRun first = new CommandRun(folder, "serve", "b", "c", "--listen", listen)) {
      first.awaitReady();
      first.signal("TERM");
      assertThat(first.exitCode()).isZero();
    }
    refused(1, "/c: holds a writeboost cache", "serve", "c", "b", "--listen", listen);
    refused(1, "/c: holds", "serve", "c", "new", "--cache-size", "8M", "--listen", listen);
    refused(1, "/c: holds a writeboost cache, and", "writeback", "c", "b");
  }

  /** Whoever wants to look at a cache and names another device must not be led to zero it. */
  @Test
  void howToOverwriteADeviceIsSaidOnlyWhereACacheIsWanted() throws Exception {
    String advice = "zero its first and its last MiB";
    refused(1, advice, "serve", "b", "noise", "--listen", "nbd+unix:///?socket=s");
    refused(1, advice, "format", "noise");
    for (String command : List.of("check", "dump")) {
      for (String device : List.of("noise", "b")) {
        try (CommandRun run = new CommandRun(folder, command, device)) {
          assertThat(run.exitCode()).isEqualTo(1);
          assertThat(run.errors().strip()).endsWith("name the right device");
        }
      }
    }
  }

  @Test
  void noFolderForASocket() throws Exception {
    boolean root = "root".equals(System.getProperty("user.name"));
    assumeFalse(root, "root has /run");
    String none = folder.resolve("none").toString();
    refused(Map.of("XDG_RUNTIME_DIR", none), 1, "does not exist", serveNew());
  }

  private String[] serveNew(String... more) {
    String[] serve = {"serve", "new", "new2", "--backing-size", "8M", "--cache-size", "8M"};
    return Stream.of(serve, more).flatMap(Arrays::stream).toArray(String[]::new);
  }

  private void refused(int exitCode, String says, String... arguments) throws Exception {
    refused(Map.of(), exitCode, says, arguments);
  }

  private void refused(
      Map<String, String> environment, int exitCode, String says, String... arguments)
      throws Exception {
    Map<String, Integer> before = contents();
    try (CommandRun run = new CommandRun(folder, environment, arguments)) {
      assertThat(run.exitCode()).as(run::errors).isEqualTo(exitCode);
      assertThat(run.output()).isEmpty();
      assertThat(run.errors().lines())
          .singleElement()
          .asString()
          .startsWith("writeboost: ")
          .contains(says);
    }
    assertThat(contents()).isEqualTo(before);
  }

  /** Hashes of all files, by name. */
  private Map<String, Integer> contents() throws IOException {
    Map<String, Integer> hashes = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path path : files.toList()) {
        int hash = Files.isRegularFile(path) ? Arrays.hashCode(Files.readAllBytes(path)) : 0;
        hashes.put(path.getFileName().toString(), hash);
      }
    }
    return hashes;
  }

  private void file(String name, long size) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
      file.setLength(size);
    }
  }
}
