package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.nbd.ExternalTool;

/** The backing device is an export of another NBD server, which does not always live. */
@Timeout(200)
final class BackingOverNbdTest {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int SIZE = 32 << 20;
  private static final int CHUNK = 64 << 10;
  private static final int CHUNKS = SIZE / CHUNK;
  private static final int DEATHS = 3;

  private Workspace workspace;
  private String cache;
  private String control;

  @BeforeEach
  void open() throws Exception {
    workspace = new Workspace();
    cache = workspace.file("cache.img").toString();
    control = workspace.socket("ctl").toString();
  }

  @AfterEach
  void close() throws Exception {
    workspace.close();
  }

  private Server serve(String backing, String... options) throws Exception {
    List<String> all = new ArrayList<>(List.of(backing, cache, "--cache-size", "48M"));
    all.addAll(List.of("--control", control));
    all.addAll(List.of(options));
    return Server.start(workspace, all.toArray(String[]::new));
  }

  /** Writes 4 KiB somewhere in every chunk, at random; all of it is durable then. */
  private static void change(Server server, byte[] expected, Random random) throws Exception {
    try (NbdClient client = server.connect()) {
      List<CompletableFuture<byte[]>> answers = new ArrayList<>();
      for (int chunk = 0; chunk < CHUNKS; chunk++) {
        int at = chunk * CHUNK + 512 * random.nextInt((CHUNK - 4096) / 512);
        byte[] data = new byte[4096];
        random.nextBytes(data);
        System.arraycopy(data, 0, expected, at, data.length);
        answers.add(client.write(at, data, false));
      }
      for (CompletableFuture<byte[]> answer : answers) {
        NbdClient.await(answer);
      }
      NbdClient.await(client.flush());
    }
  }

  /** It dies in the middle of write-back, again and again, and forgets what was not flushed. */
  @Test
  void aBackingServerThatForgetsWhatWasNotFlushedLosesNothing() throws Exception {
    Random random = new Random(1);
    byte[] expected = new byte[SIZE];
    ForgetfulServer backing = new ForgetfulServer(workspace.socket("backing"), SIZE);
    workspace.atEnd(backing::close);
    Server server = serve(backing.uri());
    for (int death = 0; death < DEATHS; death++) {
      backing.dieAfter(1 + random.nextInt(CHUNKS / 4));
      change(server, expected, random);
      Command drain = Command.start(workspace, "drain", "--control", control);
      backing.awaitDeath();
      backing.start();
      assertThat(drain.awaitEnd()).as(drain::errors).isZero();
      assertThat(Arrays.mismatch(backing.durable(), expected)).as("after a drain").isEqualTo(-1);
    }
    assertThat(server.log()).contains("connection lost", "connected again");
    server.stop();
  }

  /** It freezes, is killed, and comes back when no server of ours runs: then offline write-back. */
  @Test
  void aFrozenAndKilledNbdkitIsWrittenBackToLater() throws Exception {
    Random random = new Random(2);
    byte[] expected = new byte[SIZE];
    Path image = Files.write(workspace.file("image"), expected);
    String uri = "nbd+unix:///?socket=" + workspace.socket("nbdkit");
    Process nbdkit = nbdkit(image);
    Server server = serve(uri);
    change(server, expected, random);
    signal(nbdkit, "STOP");
    change(server, expected, random);
    nbdkit.destroyForcibly().waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
    change(server, expected, random);
    server.stop();

    nbdkit(image);
    Command.run(workspace, "writeback", uri, cache);
    assertThat(Arrays.mismatch(Files.readAllBytes(image), expected)).isEqualTo(-1);
  }

  /** A qcow2 image, as the README has it. */
  @Test
  void aQcow2ImageThroughQemuNbd() throws Exception {
    ExternalTool qemuImg = ExternalTool.find("qemu-img");
    String image = workspace.file("image.qcow2").toString();
    qemuImg.run(LIMIT, "create", "-q", "-f", "qcow2", image, SIZE + "").expectSuccess();
    Path socket = workspace.socket("qemu");
    Process qemu =
        ExternalTool.find("qemu-nbd")
            .start(
                workspace.file("qemu.log"),
                "--persistent",
                "--shared=0",
                "--format=qcow2",
                "--export-name=disk",
                "--socket=" + socket,
                image);
    workspace.atEnd(qemu::destroyForcibly);
    awaitSocket(qemu, socket);
    byte[] expected = new byte[SIZE];
    Server server = serve("nbd+unix:///disk?socket=" + socket);
    assertThat(server.uri()).startsWith("nbd+unix:///disk?");
    change(server, expected, new Random(3));
    Command.run(workspace, "drain", "--control", control);
    server.stop();
    qemu.destroy();
    assertThat(qemu.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    Path raw = workspace.file("raw");
    qemuImg.run(LIMIT, "convert", "-O", "raw", image, raw.toString()).expectSuccess();
    assertThat(Arrays.mismatch(Files.readAllBytes(raw), expected)).isEqualTo(-1);
  }

  @Test
  void whatCannotBeABackingDeviceIsRefusedInOneLine() throws Exception {
    String nobody = "nbd+unix:///?socket=" + workspace.socket("nobody");
    refused(1, "does not answer", nobody);
    refused(2, "not an NBD address", "nbd://");
    refused(1, "no such file", "nbds://host/", "--backing-tls-ca", "new");
    refused(2, "--backing-tls-ca", "nbds://host/", "--backing-tls-cert", "x");
    refused(2, "leave out --backing-size", nobody, "--backing-size", "1G");
    refused(2, "is for a BACKING over NBD", workspace.file("image") + "", "--backing-no-flush");
  }

  private void refused(int exitCode, String why, String backing, String... options)
      throws Exception {
    List<String> all = new ArrayList<>(List.of("serve", backing, cache, "--cache-size", "16M"));
    all.addAll(List.of("--listen", "nbd+unix:///?socket=" + workspace.socket("unused")));
    all.addAll(List.of("--control", control));
    all.addAll(List.of(options));
    Command command = Command.start(workspace, all.toArray(String[]::new));
    assertThat(command.awaitEnd()).as(command::errors).isEqualTo(exitCode);
    assertThat(command.errors().lines()).hasSize(1);
    assertThat(command.errors()).contains(why);
    assertThat(Path.of(cache)).doesNotExist();
  }

  private Process nbdkit(Path image) throws Exception {
    Path socket = workspace.socket("nbdkit");
    Files.deleteIfExists(socket);
    Process nbdkit =
        ExternalTool.find("nbdkit")
            .start(
                workspace.file("nbdkit.log"),
                "--foreground",
                "--unix=" + socket,
                "file",
                image.toString());
    workspace.atEnd(nbdkit::destroyForcibly);
    awaitSocket(nbdkit, socket);
    return nbdkit;
  }

  private static void awaitSocket(Process of, Path socket) throws Exception {
    while (!Files.exists(socket)) {
      assertThat(of.waitFor(10, TimeUnit.MILLISECONDS)).as("the server ended").isFalse();
    }
  }

  private static void signal(Process process, String signal)
      throws IOException, InterruptedException {
    ExternalTool.find("sh")
        .run(LIMIT, "-c", "kill -" + signal + " " + process.pid())
        .expectSuccess();
  }
}
