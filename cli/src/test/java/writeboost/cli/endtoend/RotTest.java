package writeboost.cli.endtoend;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bits of the cache file flip between a {@code kill -9} and the restart. */
@Timeout(120)
final class RotTest {

  private static final int BLOCK = Sectors.PER_BLOCK * Sectors.BYTES;
  private static final int BACKING_MIB = 16;
  private static final int CACHE_MIB = 2;
  private static final int LOG_START = 1 << 20;

  /** Where the laps go. */
  private static final int LAP_BLOCKS = 1000;

  private static final int LAP_FROM = 2000;

  private Workspace workspace;

  @BeforeEach
  void open() throws Exception {
    workspace = new Workspace();
  }

  @AfterEach
  void close() throws Exception {
    workspace.close();
  }

  @Test
  void aDamagedBlockIsAnErrorUntilItIsOverwrittenAndAllElseGoesOn() throws Exception {
    int blocks = 12;
    Server server = serve();
    try (NbdClient client = server.connect()) {
      for (int block = 0; block < blocks - 2; block++) {
        write(client, block, 1);
      }
      NbdClient.await(client.flush());
      for (int block = blocks - 2; block < blocks; block++) {
        write(client, block, 1);
        NbdClient.await(client.flush()); // its header says that all before it was durable
      }
    }
    server.kill();
    flipABitOf(3, 1);
    flipABitOf(7, 1);

    server = serve();
    try (NbdClient client = server.connect()) {
      assertHolds(client, blocks, Set.of(3, 7), 1);
      lap(client, 4);
      assertHolds(client, blocks, Set.of(3, 7), 1);
      assertThat(isLost(client, 2, 3)).as("a read of three blocks, one lost").isTrue();
    }
    server.awaitLog("2 lines that are not written back are damaged");
    server.awaitLog("sectors of damaged lines are lost");
    server.stop();
    assertThat(backing(2)).isEqualTo(block(2, 1));
    assertThat(backing(3)).isEqualTo(new byte[BLOCK]);

    server = serve();
    try (NbdClient client = server.connect()) {
      assertHolds(client, blocks, Set.of(3, 7), 1);
      write(client, 3, 2);
      NbdClient.await(client.write(7L * BLOCK, Sectors.filled(56, 1, 2), false));
      NbdClient.await(client.flush());
      assertThat(read(client, 3, 1)).isEqualTo(block(3, 2));
      assertThat(NbdClient.await(client.read(7L * BLOCK, Sectors.BYTES)))
          .isEqualTo(Sectors.filled(56, 1, 2));
      assertThat(isLost(client, 7, 1)).isTrue();
      NbdClient.await(client.writeZeroes(7L * BLOCK, BLOCK, false));
      lap(client, 4);
    }
    server.kill();

    server = serve();
    try (NbdClient client = server.connect()) {
      assertThat(read(client, 3, 1)).isEqualTo(block(3, 2));
      assertThat(read(client, 7, 1)).isEqualTo(new byte[BLOCK]);
    }
    server.stop();
    assertThat(backing(3)).isEqualTo(block(3, 2));
  }

  /** Somebody cuts the file off under a server, and gives it its size back, but not its content. */
  @Test
  void aCacheThatCannotBeReadIsNamedAndNothingIsSaidToBeSaved() throws Exception {
    String control = workspace.file("control").toString();
    String[] still = {"--set", "writeback_threshold=0", "--control", control};
    Server server = serve(still);
    try (NbdClient client = server.connect()) {
      write(client, 5, 1);
    }
    server.stop();

    server = serve(still);
    try (NbdClient client = server.connect();
        FileChannel cache = FileChannel.open(workspace.file("cache.img"), WRITE)) {
      cache.truncate(LOG_START);
      assertThat(isLost(client, 5, 1)).isTrue();
      server.awaitLog("cache.img: degraded (CACHE READ");
      cache.write(ByteBuffer.allocate(1), ((long) CACHE_MIB << 20) - 1);
    }
    Command drain = Command.start(workspace, "drain", "--control", control);
    assertThat(drain.awaitEnd()).isEqualTo(1);
    assertThat(drain.errors())
        .contains("4096 bytes cannot be written back: 1 line of", "cache.img damaged")
        .doesNotContain("backing.img did not take");
    server.stop();
    assertThat(server.log())
        .contains("not written back: 1 line of", "all else is saved")
        .doesNotContain("nothing is lost", "all is well again");
    assertThat(server.timesLogged("all is saved")).as("the first time").isEqualTo(1);
  }

  @Test
  void aCacheThatHasBeenCutOffAcknowledgesNothingMoreAndAStopSaysSo() throws Exception {
    String control = workspace.file("control").toString();
    Server server = serve("--control", control);
    try (NbdClient client = server.connect()) {
      write(client, 5, 1);
      NbdClient.await(client.flush());
      try (FileChannel cache = FileChannel.open(workspace.file("cache.img"), WRITE)) {
        cache.truncate(LOG_START / 2);
      }
      write(client, 6, 1);
      assertThatThrownBy(() -> NbdClient.await(client.flush()))
          .hasMessage("request failed: error 5");
      server.awaitLog("cache.img: failed (cache device: ");
    }
    Command stop = Command.start(workspace, "stop", "--control", control);
    assertThat(stop.awaitEnd()).isEqualTo(1);
    assertThat(stop.errors()).contains("cache.img: not everything that was written could be saved");
    assertThat(server.awaitEnd()).isEqualTo(1);
    assertThat(server.log())
        .contains("cache.img: has been cut off while it is in use: it has ")
        .doesNotContain("is saved");
  }

  @Test
  void aStopFindsThatTheCacheHasBeenCutOff() throws Exception {
    String control = workspace.file("control").toString();
    Server server = serve("--control", control);
    try (FileChannel cache = FileChannel.open(workspace.file("cache.img"), WRITE)) {
      cache.truncate(LOG_START);
    }
    Command stop = Command.start(workspace, "stop", "--control", control);
    assertThat(stop.awaitEnd()).isEqualTo(1);
    assertThat(stop.errors()).contains("cache.img: has been cut off while it was in use");
    assertThat(server.awaitEnd()).isEqualTo(1);
    assertThat(server.log()).doesNotContain("is saved");
  }

  private Server serve(String... more) throws Exception {
    List<String> arguments = new ArrayList<>();
    arguments.add(workspace.file("backing.img").toString());
    arguments.add(workspace.file("cache.img").toString());
    arguments.addAll(
        List.of("7", "--backing-size", BACKING_MIB + "M", "--cache-size", CACHE_MIB + "M"));
    arguments.addAll(List.of(more));
    return Server.start(workspace, arguments.toArray(String[]::new));
  }

  private static byte[] block(int block, int version) {
    return Sectors.filled((long) block * Sectors.PER_BLOCK, Sectors.PER_BLOCK, version);
  }

  private static void write(NbdClient client, int block, int version) throws Exception {
    NbdClient.await(client.write((long) block * BLOCK, block(block, version), false));
  }

  private static byte[] read(NbdClient client, int block, int count) throws Exception {
    return NbdClient.await(client.read((long) block * BLOCK, count * BLOCK));
  }

  /** Fills the log so many times over. */
  private static void lap(NbdClient client, int times) throws Exception {
    int logBlocks = ((CACHE_MIB << 20) - LOG_START) / BLOCK;
    for (int i = 0; i < times * logBlocks; i++) {
      write(client, LAP_FROM + i % LAP_BLOCKS, 1 + i);
    }
    NbdClient.await(client.flush());
  }

  private static boolean isLost(NbdClient client, int block, int count) throws Exception {
    try {
      client.read((long) block * BLOCK, count * BLOCK).get(NbdClient.LIMIT_S, TimeUnit.SECONDS);
      return false;
    } catch (ExecutionException e) {
      assertThat(e.getCause()).hasMessage("error 5");
      return true;
    }
  }

  private static void assertHolds(NbdClient client, int blocks, Set<Integer> lost, int version)
      throws Exception {
    Set<Integer> found = new HashSet<>();
    for (int block = 0; block < blocks; block++) {
      if (isLost(client, block, 1)) {
        found.add(block);
      } else {
        assertThat(read(client, block, 1)).isEqualTo(block(block, version));
      }
    }
    assertThat(found).as("blocks answered with an I/O error").isEqualTo(lost);
  }

  private byte[] backing(int block) throws IOException {
    byte[] all = Files.readAllBytes(workspace.file("backing.img"));
    return Arrays.copyOfRange(all, block * BLOCK, (block + 1) * BLOCK);
  }

  private void flipABitOf(int block, int version) throws IOException {
    byte[] wanted = block(block, version);
    int found = 0;
    try (FileChannel file = FileChannel.open(workspace.file("cache.img"), READ, WRITE)) {
      ByteBuffer line = ByteBuffer.allocate(BLOCK);
      for (long at = LOG_START; at + BLOCK <= file.size(); at += BLOCK) {
        file.read(line.clear(), at);
        if (Arrays.equals(line.array(), wanted)) {
          byte flipped = (byte) (wanted[700] ^ 4);
          file.write(ByteBuffer.wrap(new byte[] {flipped}), at + 700);
          found++;
        }
      }
    }
    assertThat(found).as("lines with block %d", block).isEqualTo(1);
  }
}
