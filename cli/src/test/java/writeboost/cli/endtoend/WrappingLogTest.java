package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two new files, and twelve times as much written as the cache holds. */
@Timeout(300)
final class WrappingLogTest {

  private static final int BACKING_MIB = 256;
  private static final int CACHE_MIB = 32;
  private static final int TIMES_THE_CACHE = 12;
  private static final int CONNECTIONS = 4;

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
  void allIsReadBackAndAgainAfterARestart() throws Exception {
    Server first = serve();
    int[] written = load(first, TIMES_THE_CACHE);
    assertHolds(first, written);
    first.stop();

    Server second = serve();
    assertHolds(second, written);
    second.stop();
  }

  @ParameterizedTest
  @ValueSource(strings = {"4", "10", "11"})
  void alsoInLayoutOne(String order) throws Exception {
    Server first = serve(order, "--layout", "v1");
    int[] written = load(first, TIMES_THE_CACHE / 3);
    assertHolds(first, written);
    first.stop();

    Server second = serve(order, "--layout", "v1", "--read-only");
    assertHolds(second, written);
    second.stop();
  }

  @Test
  void readOnlyShowsTheSameAndChangesNothing() throws Exception {
    Server first = serve();
    int[] written = load(first, 2);
    first.kill();
    String backing = Digests.ofFile(workspace.file("backing.img"));
    String cache = Digests.ofFile(workspace.file("cache.img"));

    Server second = serve("--read-only");
    assertHolds(second, written);
    try (NbdClient client = second.connect()) {
      byte[] sector = Sectors.filled(0, 1, 1);
      assertThat(client.write(0, sector, false)).failsWithin(Duration.ofSeconds(30));
      assertThat(client.errorReplies()).isEqualTo(1);
    }
    second.stop();

    assertThat(Digests.ofFile(workspace.file("backing.img"))).isEqualTo(backing);
    assertThat(Digests.ofFile(workspace.file("cache.img"))).isEqualTo(cache);
  }

  private Server serve(String... options) throws Exception {
    List<String> arguments = new ArrayList<>();
    arguments.add(workspace.file("backing.img").toString());
    arguments.add(workspace.file("cache.img").toString());
    arguments.addAll(List.of(options));
    arguments.addAll(List.of("--backing-size", BACKING_MIB + "M", "--cache-size", CACHE_MIB + "M"));
    return Server.start(workspace, arguments.toArray(new String[0]));
  }

  /** Ends with everything flushed; returns the versions of all sectors. */
  private static int[] load(Server server, int timesTheCache) throws Exception {
    int sectors = (BACKING_MIB << 20) / Sectors.BYTES;
    int[] versions = new int[sectors];
    List<NbdClient> clients = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS)) {
      List<Future<Void>> loads = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        NbdClient client = server.connect();
        clients.add(client);
        // Neighbours share a block: these are no multiples of eight sectors.
        int begin = i == 0 ? 0 : sectors / CONNECTIONS * i + i;
        int end = i == CONNECTIONS - 1 ? sectors : sectors / CONNECTIONS * (i + 1) + i + 1;
        long bytes = ((long) CACHE_MIB << 20) * timesTheCache / CONNECTIONS;
        loads.add(threads.submit(new VerifyingLoad(client, versions, begin, end, bytes, i)));
      }
      for (Future<Void> load : loads) {
        load.get();
      }
      NbdClient.await(clients.getFirst().flush());
    } finally {
      for (NbdClient client : clients) {
        client.close();
      }
    }
    return versions;
  }

  private static void assertHolds(Server server, int[] versions) throws Exception {
    try (NbdClient client = server.connect()) {
      assertThat(Sectors.versions(client)).isEqualTo(versions);
    }
  }
}
