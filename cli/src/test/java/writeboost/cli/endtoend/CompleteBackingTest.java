package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import writeboost.nbd.ExternalTool;

/**
 * When everything is written back, the backing image alone is what clients see of the volume, byte
 * for byte: after a drain of a running server, and after a write-back without one.
 */
@Timeout(300)
final class CompleteBackingTest {

  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final int BACKING_BYTES = 48 << 20;
  private static final int SECTOR = 512;

  /** More than the log holds, which write-back has to keep free meanwhile. */
  private static final long LOAD_BYTES = 40L << 20;

  private Workspace workspace;
  private Path backing;
  private Path cache;

  @BeforeEach
  void open() throws Exception {
    workspace = new Workspace();
    backing = workspace.file("backing.img");
    cache = workspace.file("cache.img");
  }

  @AfterEach
  void close() throws Exception {
    workspace.close();
  }

  @ParameterizedTest
  @CsvSource({"v1, 1", "v2, 2"})
  void afterADrainOfARunningServer(String layout, long seed) throws Exception {
    Server server = serve(layout);
    try (NbdClient client = server.connect()) {
      load(client, layout.equals("v2"), new Random(seed));
      String logical = digestOver(server);
      assertThat(Digests.ofFile(backing)).as("before the drain").isNotEqualTo(logical);

      run("drain", "--control", control());
      assertThat(Digests.ofFile(backing)).isEqualTo(logical);
      assertThat(digestOver(server)).as("seen by clients, still").isEqualTo(logical);
    }
    server.stop();
  }

  /** The server is killed: what it has acknowledged, and flushed, is in the cache alone. */
  @ParameterizedTest
  @CsvSource({"v1, 3", "v2, 4"})
  void afterAWriteBackWithoutAServer(String layout, long seed) throws Exception {
    Server server = serve(layout);
    String logical;
    try (NbdClient client = server.connect()) {
      load(client, layout.equals("v2"), new Random(seed));
      logical = digestOver(server);
    }
    server.kill();
    assertThat(Digests.ofFile(backing)).as("before the write-back").isNotEqualTo(logical);

    run("writeback", backing.toString(), cache.toString(), "--layout", layout);
    assertThat(Digests.ofFile(backing)).isEqualTo(logical);
  }

  private String control() {
    return workspace.socket("ctl").toString();
  }

  /** Over a backing file that is full of something, so that zeroes are a change. */
  private Server serve(String layout) throws Exception {
    byte[] old = new byte[1 << 20];
    new Random(0).nextBytes(old);
    try (OutputStream out = Files.newOutputStream(backing)) {
      for (int i = 0; i < BACKING_BYTES; i += old.length) {
        out.write(old);
      }
    }
    return Server.start(
        workspace,
        backing.toString(),
        cache.toString(),
        "7",
        "--layout",
        layout,
        "--cache-size",
        "16M",
        "--control",
        control(),
        "--set",
        "allow_writeback=0",
        "--set",
        "enable_writeback_modulator=0");
  }

  /**
   * Writes, zeroes and trims of any size and place; everything is flushed at the end.
   *
   * @param trims the server takes them: in layout v1 it does not
   */
  private static void load(NbdClient client, boolean trims, Random random) throws Exception {
    List<CompletableFuture<byte[]>> inFlight = new ArrayList<>();
    long written = 0;
    while (written < LOAD_BYTES) {
      int length = SECTOR * (1 + random.nextInt(1 << random.nextInt(9)));
      long offset = (long) SECTOR * random.nextInt((BACKING_BYTES - length) / SECTOR + 1);
      switch (random.nextInt(10)) {
        case 0 -> inFlight.add(client.writeZeroes(offset, length, random.nextBoolean()));
        case 1 -> {
          if (trims) {
            inFlight.add(client.trim(offset, length, false));
          }
        }
        default -> {
          byte[] data = new byte[length];
          random.nextBytes(data);
          inFlight.add(client.write(offset, data, random.nextInt(10) == 0));
          written += length;
        }
      }
      if (inFlight.size() == 16) {
        NbdClient.await(inFlight.removeFirst());
      }
    }
    for (CompletableFuture<byte[]> answer : inFlight) {
      NbdClient.await(answer);
    }
    NbdClient.await(client.flush());
  }

  /** What clients read. */
  private String digestOver(Server server) throws Exception {
    Path copy = workspace.file("copy.img");
    Files.deleteIfExists(copy);
    ExternalTool nbdcopy = ExternalTool.find("nbdcopy");
    nbdcopy.run(LIMIT, server.uri(), copy.toString()).expectSuccess();
    return Digests.ofFile(copy);
  }

  private void run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(Server.java());
    command.addAll(List.of(arguments));
    Path output = workspace.file("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    workspace.atEnd(process::destroyForcibly);
    boolean ended = process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
    assertThat(ended).as("the end of %s", command.getLast()).isTrue();
    assertThat(process.exitValue()).as(Files.readString(output)).isZero();
  }
}
