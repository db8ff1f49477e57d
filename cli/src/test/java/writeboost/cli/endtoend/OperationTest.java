package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.cli.json.Json;
import writeboost.cli.json.JsonObject;
import writeboost.nbd.ExternalTool;

/**
 * A running server is looked at, drained and suspended while clients and devices do their worst.
 */
@Timeout(200)
final class OperationTest {

  private static final int BLOCK = 4096;
  private static final int MIB = 1 << 20;

  private Workspace workspace;
  private String control;

  @BeforeEach
  void open() throws Exception {
    workspace = new Workspace();
    control = workspace.socket("ctl").toString();
  }

  @AfterEach
  void close() throws Exception {
    workspace.close();
  }

  private Server serve(String backing, String... options) throws Exception {
    List<String> all = new ArrayList<>(List.of(backing, workspace.file("cache.img").toString()));
    all.addAll(List.of("--cache-size", "64M", "--control", control));
    all.addAll(List.of("--set", "allow_migrate=0", "--set", "enable_migration_modulator=0"));
    all.addAll(List.of(options));
    return Server.start(workspace, all.toArray(String[]::new));
  }

  private Server serveFile() throws Exception {
    return serve(workspace.file("backing.img").toString(), "--backing-size", "256M");
  }

  private NbdClient connect(Server server) throws IOException {
    NbdClient client = server.connect();
    workspace.atEnd(client::close);
    return client;
  }

  private JsonObject status() throws Exception {
    return Json.read(Command.run(workspace, "status", "--json", "--control", control));
  }

  private static byte[] block(int content) {
    byte[] data = new byte[BLOCK];
    Arrays.fill(data, (byte) content);
    return data;
  }

  @Test
  void statusAnswersWhileTheBackingDeviceHangsAndADrainWaitsForIt() throws Exception {
    FreezingDisk disk = new FreezingDisk(workspace, "256M");
    Server server = serve(disk.file().toString());
    workspace.atEnd(disk::thaw);
    NbdClient client = connect(server);
    NbdClient.await(client.write(0, new byte[8 * MIB], true));
    disk.freeze();
    Command drain = Command.start(workspace, "drain", "--json", "--control", control);
    assertThat(Json.read(drain.line()).isTrue("running")).isTrue();
    assertThat(status().object("drain").isTrue("running")).isTrue();
    NbdClient.await(client.write(8 * MIB, block(1), true));
    assertThat(status().number("nr_dirty")).isEqualTo(8 * MIB / BLOCK + 1);
    assertThat(drain.isRunning()).isTrue();
    disk.thaw();
    String last = "";
    for (String line = drain.line(); line != null; line = drain.line()) {
      last = line;
    }
    assertThat(last).isEqualTo("{\"drained\":true}");
    assertThat(drain.awaitEnd()).as(drain::errors).isZero();
    assertThat(status().number("nr_dirty")).isZero();
    server.stop();
  }

  @Test
  void lostConnectionToTheBackingDeviceIsTold() throws Exception {
    Path socket = workspace.socket("backing.sock");
    Process nbdkit =
        ExternalTool.find("nbdkit")
            .start(
                workspace.file("nbdkit.log"),
                "--foreground",
                "--unix=" + socket,
                "memory",
                "size=64M");
    workspace.atEnd(nbdkit::destroyForcibly);
    while (!Files.exists(socket)) {
      assertThat(nbdkit.waitFor(10, TimeUnit.MILLISECONDS)).as("nbdkit ended").isFalse();
    }
    Server server = serve("nbd+unix:///?socket=" + socket);
    JsonObject connection = status().object("backing_connection");
    assertThat(connection.isTrue("connected")).isTrue();
    assertThat(connection.text("trouble")).isEmpty();
    nbdkit.destroyForcibly();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(NbdClient.LIMIT_S);
    while (connection.isTrue("connected")) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      connection = status().object("backing_connection");
    }
    assertThat(connection.text("trouble")).isNotEmpty();
    Command.run(workspace, "stop", "--control", control);
    assertThat(server.awaitEnd()).as(server::log).isZero();
  }

  @Test
  void interruptedDrainIsCancelled() throws Exception {
    FreezingDisk disk = new FreezingDisk(workspace, "256M");
    Server server = serve(disk.file().toString());
    workspace.atEnd(disk::thaw);
    NbdClient.await(connect(server).write(0, new byte[8 * MIB], true));
    disk.freeze();
    Command drain = Command.start(workspace, "drain", "--control", control);
    Command other = Command.start(workspace, "stop", "--drain", "--control", control);
    drain.awaitError("8192 KiB to be written back");
    other.awaitError("to be written back");
    drain.interrupt();
    assertThat(drain.awaitEnd()).isEqualTo(1);
    assertThat(drain.errors()).contains("cancelled; 8192 KiB are not written back");
    assertThat(other.awaitEnd()).isEqualTo(1);
    assertThat(status().object("drain").isTrue("running")).isFalse();
    disk.thaw();
    server.stop();
  }

  @Test
  void drainThatCannotEndSaysSoAndEndsWhenTheClientsRest() throws Exception {
    Server server = serve(new SlowDisk(workspace, "256M", 8 * MIB).file().toString());
    NbdClient client = connect(server);
    AtomicBoolean enough = new AtomicBoolean();
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(() -> writeOn(client, enough), Thread.ofPlatform()::start);
    Command drain = Command.start(workspace, "drain", "--control", control);
    drain.awaitError("cannot end like this: clients write");
    enough.set(true);
    writer.get(NbdClient.LIMIT_S, TimeUnit.SECONDS);
    assertThat(drain.awaitEnd()).as(drain::errors).isZero();
    assertThat(status().number("nr_dirty")).isZero();
    server.stop();
  }

  /** A few writes at once, all of other blocks, as fast as they are answered. */
  private static void writeOn(NbdClient client, AtomicBoolean enough) {
    Deque<CompletableFuture<byte[]>> inFlight = new ArrayDeque<>();
    try {
      for (int i = 0; !enough.get(); i = (i + 7) % 60_000) {
        inFlight.add(client.write((long) i * BLOCK, block(i), false));
        if (inFlight.size() > 4) {
          NbdClient.await(inFlight.remove());
        }
      }
      for (CompletableFuture<byte[]> write : inFlight) {
        NbdClient.await(write);
      }
    } catch (Exception e) {
      throw new CompletionException(e);
    }
  }

  @Test
  void suspendedRequestsWaitAndAreAnsweredAfterwards() throws Exception {
    Server server = serveFile();
    NbdClient client = connect(server);
    NbdClient.await(client.write(0, block(1), false));
    Command.run(workspace, "suspend", "--control", control);
    JsonObject suspended = status();
    assertThat(suspended.isTrue("suspended")).isTrue();
    assertThat(suspended.number("unsaved_bytes")).isZero();
    CompletableFuture<byte[]> write = client.write(BLOCK, block(2), false);
    CompletableFuture<byte[]> flush = client.flush();
    assertThat(status().object("latency").object("write").number("count")).isEqualTo(1);
    assertThat(write).isNotDone();
    assertThat(flush).isNotDone();
    Command.run(workspace, "resume", "--control", control);
    NbdClient.await(write);
    NbdClient.await(flush);
    assertThat(NbdClient.await(client.read(BLOCK, BLOCK))).isEqualTo(block(2));
    Command again = Command.start(workspace, "resume", "--control", control);
    assertThat(again.awaitEnd()).isEqualTo(1);
    assertThat(again.errors()).contains("not suspended");
    server.stop();
  }

  @Test
  void whatWasAcceptedBeforeASuspendSurvivesAKill() throws Exception {
    Server server = serveFile();
    NbdClient client = connect(server);
    for (int i = 0; i < 100; i++) {
      NbdClient.await(client.write((long) i * BLOCK, block(i), false)); // no flush
    }
    Command.run(workspace, "suspend", "--control", control);
    server.kill();
    Server restarted = serve(workspace.file("backing.img").toString());
    NbdClient reader = connect(restarted);
    for (int i = 0; i < 100; i++) {
      assertThat(NbdClient.await(reader.read((long) i * BLOCK, BLOCK))).isEqualTo(block(i));
    }
    restarted.stop();
  }

  @Test
  void suspendedServerStops() throws Exception {
    Server server = serveFile();
    NbdClient client = connect(server);
    NbdClient.await(client.write(0, block(1), false));
    Command.run(workspace, "suspend", "--control", control);
    Command drain = Command.start(workspace, "drain", "--control", control);
    assertThat(drain.awaitEnd()).isEqualTo(1);
    assertThat(drain.errors()).contains("first 'resume'");
    CompletableFuture<byte[]> write = client.write(BLOCK, block(2), false);
    Command.run(workspace, "stop", "--control", control);
    assertThat(server.awaitEnd()).isZero();
    assertThat(write).failsWithin(NbdClient.LIMIT_S, TimeUnit.SECONDS);
  }
}
