package writeboost.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import writeboost.cli.json.Json;
import writeboost.cli.json.JsonObject;
import writeboost.device.Posix;
import writeboost.nbd.ExternalTool;

/** The commands that talk to a running server, each in a process of its own. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ControlTest {

  private static final int BLOCK = 4096;

  /** In the background, that is. */
  private static final String[] NO_WRITEBACK = {
    "--set", "allow_migrate=0", "--set", "enable_writeback_modulator=0"
  };

  @TempDir private Path temporary;
  private Path folder;

  @BeforeEach
  void makeFolder() throws Exception {
    folder = Files.createDirectory(temporary.resolve("run"));
  }

  private CommandRun serve(String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of("--control", "ctl"));
    all.addAll(List.of(options));
    return Serving.start(folder, all.toArray(String[]::new));
  }

  /** What it prints; it has to end well. */
  private String run(String... arguments) throws Exception {
    try (CommandRun command = new CommandRun(folder, arguments)) {
      int exitCode = command.exitCode();
      assertThat(exitCode).as(command::errors).isZero();
      return command.output();
    }
  }

  /** The one line that it ends with, on standard error. */
  private String failure(int expectedExitCode, String... arguments) throws Exception {
    try (CommandRun command = new CommandRun(folder, arguments)) {
      int exitCode = command.exitCode();
      assertThat(exitCode).as(command::errors).isEqualTo(expectedExitCode);
      assertThat(command.errors().lines()).as(command::errors).hasSize(1);
      return command.errors();
    }
  }

  private JsonObject status() throws Exception {
    return Json.read(run("status", "--control", "ctl", "--json"));
  }

  @Test
  void statusTellsWhatHappened() throws Exception {
    try (CommandRun server = serve(NO_WRITEBACK)) {
      String uri = server.awaitReady().getFirst();
      Serving.client(
          uri,
          "h.pwrite(b'a' * 40960, 0)",
          "h.pwrite(b'b' * 512, 0)",
          "h.pread(4096, 0)",
          "h.flush()");
      JsonObject status = status();
      assertThat(status.text("backing")).isEqualTo(folder.resolve("backing").toString());
      assertThat(status.object("health").text("state")).isEqualTo("ok");
      assertThat(status.number("nr_dirty")).isEqualTo(10);
      assertThat(status.number("dirty_bytes")).isEqualTo(10 * BLOCK);
      assertThat(status.object("hit_ratio").fraction("read")).isEqualTo(1);
      assertThat(status.object("hit_ratio").fraction("write")).isEqualTo(0.0909);
      JsonObject latency = status.object("latency");
      assertThat(latency.object("write").number("count")).isEqualTo(2);
      assertThat(latency.object("write").fraction("p99_us")).isPositive();
      assertThat(latency.object("read").number("count")).isEqualTo(1);
      assertThat(latency.object("barrier").number("count")).isEqualTo(1);
      assertThat(status.object("tunables").number("allow_migrate")).isZero();
      assertThat(status.object("resume").text("cache")).isEqualTo("formatted");
      JsonObject memory = status.object("memory");
      assertThat(memory.number("resident_bytes")).isPositive();
      assertThat(memory.number("reserved_bytes"))
          .isEqualTo(memory.number("buffers_bytes") + memory.number("tables_bytes"));
      assertThat(memory.number("max_bytes")).isGreaterThan(memory.number("reserved_bytes"));
      String[] line = run("status", "--control", "ctl").strip().split(" ");
      assertThat(line).hasSize(6 + 16 + 1 + 14);
      assertThat(line[0]).isEqualTo("10");
      assertThat(line[1]).isEqualTo(String.valueOf(status.number("nr_segments")));

      assertThat(run("message", "--control", "ctl", "clear_stat")).isEmpty();
      status = status();
      assertThat(status.object("latency").object("write").number("count")).isZero();
      assertThat(status.object("hit_ratio").names()).isEmpty();
      assertThat(status.number("nr_dirty")).isEqualTo(10);
      Serving.stop(server);
    }
    try (CommandRun server = serve()) {
      server.awaitReady();
      JsonObject resume = status().object("resume");
      assertThat(resume.text("cache")).isEqualTo("resumed");
      assertThat(resume.number("dirty_bytes")).isEqualTo(10 * BLOCK);
      Serving.stop(server);
    }
  }

  @Test
  void statusTellsWhoIsConnected() throws Exception {
    try (CommandRun server = serve()) {
      server.awaitReady();
      assertThat(status().objects("clients")).isEmpty();
      try (SocketChannel silent =
          SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("s")))) {
        assertThat(silent.read(ByteBuffer.allocate(1))).isEqualTo(1); // it is accepted
        JsonObject client = status().objects("clients").getFirst();
        assertThat(client.text("phase")).isEqualTo("handshake");
        assertThat(client.text("address")).isEqualTo("unix");
        assertThat(Instant.parse(client.text("since"))).isBeforeOrEqualTo(Instant.now());
      }
      Serving.stop(server);
    }
  }

  @Test
  void messagesSetTunablesByEitherName() throws Exception {
    try (CommandRun server = serve("--set", "nr_max_batched_writeback=7")) {
      server.awaitReady();
      assertThat(status().object("tunables").number("nr_max_batched_migration")).isEqualTo(7);
      run("message", "--control", "ctl", "migrate_threshold", "33");
      run("message", "--control", "ctl", "sync_data_interval", "5");
      JsonObject tunables = status().object("tunables");
      assertThat(tunables.number("migrate_threshold")).isEqualTo(33);
      assertThat(tunables.number("sync_interval")).isEqualTo(5);
      assertThat(failure(1, "message", "--control", "ctl", "migrate_threshold", "101"))
          .contains("0 to 100");
      assertThat(failure(1, "message", "--control", "ctl", "bogus", "1"))
          .contains("no tunable 'bogus'")
          .contains("migrate_threshold");
      assertThat(failure(2, "message", "--control", "ctl", "bogus", "many"))
          .contains("no tunable 'bogus'");
      assertThat(failure(2, "message", "--control", "ctl", "migrate_threshold", "many"))
          .contains("not a whole number");
      assertThat(failure(2, "message", "--control", "ctl", "migrate_threshold"))
          .contains("KEY VALUE");
      assertThat(failure(2, "message", "--control", "ctl", "served", "migrate_threshold"))
          .contains("the value is missing");
      assertThat(failure(2, "message", "--control", "ctl"))
          .contains("a message is [NAME] KEY VALUE");
      assertThat(failure(1, "message", "--control", "ctl", "migrate_threshold", "9".repeat(30)))
          .contains("0 to 100");
      assertThat(status().object("tunables").number("migrate_threshold")).isEqualTo(33);
      assertThat(run("table", "--control", "ctl"))
          .isEqualTo(
              "%s %s 7 --listen nbd+unix:///?socket=s --backing-size 8M"
                      .formatted(folder.resolve("backing"), folder.resolve("cache"))
                  + " --cache-size 4M --control ctl --set nr_max_batched_writeback=7\n");
      Serving.stop(server);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          2 | serve b c --set migrate_threshold=101 | 0 to 100
          2 | serve b c --set migrate_threshold=x   | whole number
          2 | serve b c --set bogus=1               | no tunable 'bogus'
          2 | serve b c --set migrate_threshold     | KEY=VALUE
          1 | status --control nothing              | no such control socket
          2 | status home --control nothing         | both home and
          1 | status no-such-server                 | no server 'no-such-server' runs
          2 | message clear_stat more words here    | a message is
          """)
  void badInputIsOneLine(int exitCode, String arguments, String why) throws Exception {
    assertThat(failure(exitCode, arguments.split(" "))).contains(why);
  }

  @Test
  void theSocketForClientsIsNotTakenForTheControlSocket() throws Exception {
    try (CommandRun server = serve()) {
      server.awaitReady();
      assertThat(failure(1, "status", "--control", "s"))
          .contains("/s: is not a control socket: it is the socket for NBD clients");
      status();
      Serving.stop(server);
    }
  }

  @Test
  void aSocketThatWasLeftOverIsSaidAndReplaced() throws Exception {
    try (CommandRun server = serve()) {
      server.awaitReady();
      server.signal("KILL");
      server.exitCode();
    }
    assertThat(folder.resolve("ctl")).exists();
    assertThat(failure(1, "status", "--control", "ctl")).contains("no server listens there");
    try (CommandRun server = serve()) {
      server.awaitReady();
      status();
      Serving.stop(server);
    }
    assertThat(folder.resolve("ctl")).doesNotExist();
  }

  @Test
  void theUsualPlaceIsFoundByName() throws Exception {
    String name = "test-" + UUID.randomUUID();
    try (CommandRun server = Serving.start(folder, "--name", name)) {
      server.awaitReady();
      assertThat(Json.read(run("status", name, "--json")).text("name")).isEqualTo(name);
      run("message", name, "barrier_deadline_ms", "3");
      assertThat(run("status", name)).contains(" barrier_deadline_ms 3 ");
      run("stop", name);
      assertThat(server.exitCode()).as(server::errors).isZero();
    }
    assertThat(failure(1, "status", name)).contains("no server '" + name + "' runs");
  }

  @Test
  void twoServersOfOneNameKeepTheirSocketsApart() throws Exception {
    String name = "test-" + UUID.randomUUID();
    Path other = Files.createDirectory(temporary.resolve("other"));
    try (CommandRun first = Serving.start(folder, "--name", name)) {
      first.awaitReady();
      try (CommandRun second = Serving.start(other, "--name", name)) {
        second.awaitReady();
        assertThat(second.errors()).contains("no control socket").contains("--control");
        Serving.stop(second);
      }
      assertThat(Json.read(run("status", name, "--json")).text("backing")).startsWith("" + folder);
      // In its default place clients would take it for the one that commands reach.
      assertThat(failure(1, "serve", other + "/backing", other + "/cache", "--name", name))
          .contains(name + ".ctl")
          .contains("give another");
      Serving.stop(first);
    }
  }

  @Test
  void onlyTheServersUserGetsIn() throws Exception {
    boolean root = Posix.effectiveUser() == 0;
    ExternalTool.require(root, "root");
    ExternalTool setpriv = ExternalTool.find("setpriv");
    try (CommandRun server = serve()) {
      server.awaitReady();
      Path socket = folder.resolve("ctl");
      assertThat(Files.getPosixFilePermissions(socket))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      // What if somebody opens the doors by hand: the server looks who it is.
      for (Path path : List.of(temporary.getParent(), temporary, folder, socket)) {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
      }
      String client =
          "import socket; s = socket.socket(socket.AF_UNIX); s.connect('%s');"
              + " s.send(b'{\"command\":\"status\"}\\n'); print(s.recv(9999))";
      String answer =
          setpriv
              .run(
                  Serving.LIMIT,
                  "--reuid=65534",
                  "--regid=65534",
                  "--clear-groups",
                  "python3",
                  "-c",
                  client.formatted(socket))
              .output();
      assertThat(answer).contains("own user and root may control it").doesNotContain("nr_dirty");
      status();
      Serving.stop(server);
    }
  }

  @Test
  void fiftyClientsAtOnceAndOneThatHangsHarmNobody() throws Exception {
    try (CommandRun server = serve()) {
      String uri = server.awaitReady().getFirst();
      UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("ctl"));
      List<SocketChannel> clients = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        clients.add(SocketChannel.open(address));
      }
      clients.getFirst().write(ByteBuffer.wrap("{\"command\":\"status\"}\n".getBytes(UTF_8)));
      ByteBuffer answer = ByteBuffer.allocate(1 << 16);
      clients.getFirst().read(answer);
      assertThat(new String(answer.array(), UTF_8)).startsWith("{\"ok\":true");
      Serving.client(uri, "h.pwrite(b'a' * 4096, 0)", "h.flush()");
      for (SocketChannel client : clients.subList(1, 50)) {
        client.close();
      }
      // The first stays open, and says nothing any more.
      assertThat(status().number("nr_dirty")).isEqualTo(1);
      Serving.stop(server);
      clients.getFirst().close();
    }
  }

  @Test
  void drainEndsWithACompleteBackingDevice() throws Exception {
    try (CommandRun server = serve(NO_WRITEBACK)) {
      String uri = server.awaitReady().getFirst();
      Serving.client(uri, "h.pwrite(b'drained.' * 131072, 1 << 20)");
      assertThat(status().number("nr_dirty")).isEqualTo(256);
      String output = run("drain", "--control", "ctl", "--json");
      assertThat(output.lines().map(Json::read).toList())
          .last()
          .returns(true, end -> end.isTrue("drained"));
      assertThat(status().number("nr_dirty")).isZero();
      assertThat(status().object("drain").isTrue("running")).isFalse();
      assertThat(backing(1 << 20, 1 << 20)).isEqualTo("drained.".repeat(131072).getBytes(UTF_8));
      assertThat(failure(1, "drain", "--control", "ctl", "--cancel")).contains("no drain");

      Serving.client(uri, "h.pwrite(b'again' * 4096, 0)");
      run("message", "--control", "ctl", "drop_caches");
      assertThat(status().number("nr_dirty")).isZero();
      Serving.stop(server);
    }
  }

  private byte[] backing(long offset, int length) throws IOException {
    ByteBuffer data = ByteBuffer.allocate(length);
    try (FileChannel file = FileChannel.open(folder.resolve("backing"))) {
      file.read(data, offset);
    }
    return data.array();
  }

  @Test
  void stopWithDrainLeavesACleanCache() throws Exception {
    try (CommandRun server = serve(NO_WRITEBACK)) {
      String uri = server.awaitReady().getFirst();
      Serving.client(uri, "h.pwrite(b'x' * 1048576, 0)");
      run("stop", "--drain", "--control", "ctl");
      assertThat(server.exitCode()).as(server::errors).isZero();
      assertThat(server.errors()).contains("all is saved, 0 bytes not written back");
    }
    assertThat(backing(0, 1 << 20)).containsOnly('x');
    assertThat(run("check", "cache")).contains("everything in it is written back");
  }

  @Test
  void plainStopLeavesTheRestInTheCache() throws Exception {
    try (CommandRun server = serve(NO_WRITEBACK)) {
      String uri = server.awaitReady().getFirst();
      Serving.client(uri, "h.pwrite(b'x' * 1048576, 0)");
      assertThat(run("stop", "--control", "ctl")).isEmpty();
      assertThat(server.exitCode()).as(server::errors).isZero();
      assertThat(server.errors()).contains("all is saved, 1024 KiB not written back");
    }
  }

  @Test
  void watchPrintsALineEachSecondWhereThereIsNoTerminal() throws Exception {
    try (CommandRun server = serve()) {
      server.awaitReady();
      try (CommandRun watch = new CommandRun(folder, "status", "--control", "ctl", "--watch")) {
        String first = watch.firstLine();
        assertThat(watch.firstLine()).isEqualTo(first);
        watch.signal("INT");
        assertThat(watch.exitCode()).as(watch::errors).isZero();
      }
      Serving.stop(server);
    }
  }
}
