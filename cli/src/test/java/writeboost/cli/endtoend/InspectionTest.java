package writeboost.cli.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/** {@code check} and {@code dump} of caches that a server has left. */
@Timeout(200)
final class InspectionTest {

  private static final int LIMIT_S = 30;
  private static final int BLOCK = 4096;
  private static final int FIRST_SLOT = 1 << 20;
  private static final int BLOCKS = 40;

  private Workspace workspace;
  private Path cache;

  /** What a command has said. */
  private record Said(int exit, String out, String errors) {}

  @BeforeEach
  void open() throws Exception {
    workspace = new Workspace();
    cache = workspace.file("cache.img");
  }

  @AfterEach
  void close() throws Exception {
    workspace.close();
  }

  /** Lines of data, a run of zeroes, a barrier, and one line more. */
  private Server serveAndWrite() throws Exception {
    Server server =
        Server.start(
            workspace,
            workspace.file("backing.img").toString(),
            cache.toString(),
            "7",
            "--backing-size",
            "64M",
            "--cache-size",
            "16M");
    try (NbdClient client = server.connect()) {
      for (int i = 0; i < BLOCKS; i++) {
        NbdClient.await(client.write((long) i * BLOCK, block(i), false));
      }
      NbdClient.await(client.writeZeroes(1 << 20, 1 << 20, false));
      NbdClient.await(client.flush());
      // What this writes says that everything before it is durable.
      NbdClient.await(client.write((long) BLOCKS * BLOCK, block(BLOCKS), true));
    }
    return server;
  }

  private static byte[] block(int i) {
    byte[] block = new byte[BLOCK];
    Arrays.fill(block, (byte) (100 + i));
    return block;
  }

  private Said run(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(Server.java());
    command.addAll(List.of(arguments));
    Path out = workspace.file("out");
    Path errors = workspace.file("errors");
    Process process =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(out.toFile())
            .redirectError(errors.toFile())
            .start();
    workspace.atEnd(process::destroyForcibly);
    assertThat(process.waitFor(LIMIT_S, TimeUnit.SECONDS)).isTrue();
    return new Said(
        process.exitValue(), Files.readString(out, UTF_8), Files.readString(errors, UTF_8));
  }

  private void flip(long offset) throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(cache.toFile(), "rw")) {
      file.seek(offset);
      int old = file.read();
      file.seek(offset);
      file.write(old ^ 4);
    }
  }

  /** Where the newest copy of block {@code i} lies. */
  private long offsetOf(int i) throws Exception {
    byte[] bytes = Files.readAllBytes(cache);
    byte[] wanted = block(i);
    for (int at = FIRST_SLOT; at < bytes.length; at += BLOCK) {
      if (Arrays.equals(bytes, at, at + BLOCK, wanted, 0, BLOCK)) {
        return at;
      }
    }
    throw new AssertionError("block " + i + " is not in the log");
  }

  /** The names of all fields; fails if it is no JSON. */
  private static TreeSet<String> fields(String json) {
    TreeSet<String> names = new TreeSet<>();
    try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), json)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token == JsonToken.PROPERTY_NAME) {
          names.add(parser.currentName());
        }
      }
    }
    return names;
  }

  @Test
  void aCacheThatWasStoppedIsSound() throws Exception {
    serveAndWrite().stop();
    byte[] before = Files.readAllBytes(cache);
    Said check = run("check", cache.toString());
    assertThat(check.exit).as(check.toString()).isZero();
    assertThat(check.out).startsWith("sound; ").hasLineCount(1);
    Said json = run("check", "--json", cache.toString());
    assertThat(fields(json.out)).contains("sound", "damages", "record", "lines");

    Said dump = run("dump", cache.toString(), "--all", "--lines");
    assertThat(dump.exit).as(dump.toString()).isZero();
    assertThat(dump.out).contains("order 7", "clean stop", "zeroes", "end of group");
    Said dumped = run("dump", cache.toString(), "--all", "--lines", "--json");
    assertThat(fields(dumped.out)).contains("superblock", "segments", "lines", "backing_offset");
    assertThat(Files.readAllBytes(cache)).isEqualTo(before);
  }

  @Test
  void aCacheWhoseServerWasKilledIsSound() throws Exception {
    Server server = serveAndWrite();
    Said busy = run("check", cache.toString());
    assertThat(busy.exit).isEqualTo(1);
    assertThat(busy.errors).contains("in use (locked)").hasLineCount(1);
    server.kill();
    Said check = run("check", cache.toString());
    assertThat(check.exit).as(check.toString()).isZero();
  }

  @Test
  void aFlippedBitInALineIsFound() throws Exception {
    serveWithFrozenWriteBack();
    flip(offsetOf(3) + 77);
    Said check = run("check", cache.toString());
    assertThat(check.exit).isEqualTo(1);
    assertThat(check.out)
        .contains("backing offset %d, 4096 bytes".formatted(3 * BLOCK), "damaged: 1 finding");
    Said json = run("check", "--json", cache.toString());
    assertThat(json.exit).isEqualTo(1);
    assertThat(json.out).contains("\"backing_offset\":%d".formatted(3 * BLOCK));
  }

  @Test
  void aFlippedBitInAHeaderIsFound() throws Exception {
    serveWithFrozenWriteBack();
    flip(FIRST_SLOT + 300);
    Said check = run("check", cache.toString());
    assertThat(check.exit).isEqualTo(1);
    assertThat(check.out).contains("segment 1: ");
    assertThat(run("dump", cache.toString()).exit).isZero();
  }

  @Test
  void aFlippedBitInTheSuperblockIsFound() throws Exception {
    serveAndWrite().stop();
    flip(60);
    Said check = run("check", cache.toString());
    assertThat(check.exit).isEqualTo(1);
    assertThat(check.out).contains("superblock is damaged");
    assertThat(fields(run("check", "--json", cache.toString()).out)).contains("what");
    Said dump = run("dump", cache.toString());
    assertThat(dump.exit).isEqualTo(1);
    assertThat(dump.errors).contains("superblock is damaged").hasLineCount(1);
  }

  @Test
  void whatMakesNoSenseIsRefused() throws Exception {
    assertThat(run("dump", "nowhere", "--segment", "0").exit).isEqualTo(2);
    Said nowhere = run("check", "nowhere");
    assertThat(nowhere.exit).isEqualTo(1);
    assertThat(nowhere.errors).contains("nowhere: no such file").hasLineCount(1);
  }

  /** The log as it is as long as nothing of it counts as written back. */
  private void serveWithFrozenWriteBack() throws Exception {
    serveAndWrite().kill();
    try (RandomAccessFile file = new RandomAccessFile(cache.toFile(), "r")) {
      file.seek(FIRST_SLOT - 512);
      assertThat(file.readLong()).as("the record, which is written once a minute").isZero();
    }
  }
}
