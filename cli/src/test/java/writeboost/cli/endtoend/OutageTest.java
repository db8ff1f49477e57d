package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The backing device is an export of a server that gets into every kind of trouble, one after the
 * other, while a client writes more than the log holds: nothing that was acknowledged is lost,
 * health says what is the matter, and service goes on by itself.
 *
 * <p>{@code -Doutage.rounds=10} does all of it so often.
 */
@Timeout(600)
final class OutageTest {

  private static final int ROUNDS = Integer.getInteger("outage.rounds", 1);
  private static final int BYTES = 6 << 20;

  /** More than the log holds. */
  private static final int BYTES_DURING_AN_OUTAGE = 3 << 20;

  private static final int LOAD_LIMIT_S = 120;
  private static final String TROUBLE = ": degraded (";
  private static final String WELL = "all is well again";

  private final int[] versions = new int[BYTES / Sectors.BYTES];
  private Workspace workspace;
  private TroubledServer backing;
  private Server server;
  private NbdClient client;
  private int seed;

  @BeforeEach
  void open() throws Exception {
    workspace = new Workspace();
    backing = new TroubledServer(workspace, BYTES);
  }

  @AfterEach
  void close() throws Exception {
    workspace.close();
  }

  /** A step of an outage. */
  @FunctionalInterface
  private interface Step {
    void run() throws Exception;
  }

  @Test
  void nothingIsLostAndServiceGoesOn() throws Exception {
    String cache = workspace.file("cache.img").toString();
    server = Server.start(workspace, backing.uri(), cache, "7", "--cache-size", "3M");
    try (NbdClient opened = server.connect()) {
      client = opened;
      for (int round = 0; round < ROUNDS; round++) {
        for (TroubledServer.Mode mode : TroubledServer.Mode.values()) {
          if (mode != TroubledServer.Mode.OK) {
            outage(() -> backing.become(mode), () -> backing.become(TroubledServer.Mode.OK));
          }
        }
        outage(backing::freeze, backing::thaw);
        outage(backing::kill, backing::restart);
      }
      assertThat(client.errorReplies()).isZero();
      assertThat(Sectors.versions(client)).isEqualTo(versions);
    }
    server.stop();
    backing.kill();
    backing.restart();
    Command.run(workspace, "writeback", backing.uri(), cache);
    byte[] image = backing.durable();
    for (int sector = 0; sector < versions.length; sector++) {
      int version = Sectors.version(image, sector * Sectors.BYTES, sector);
      assertThat(version).as("sector %d of the backing image", sector).isEqualTo(versions[sector]);
    }
  }

  private void outage(Step begin, Step end) throws Exception {
    int troubles = server.timesLogged(TROUBLE);
    int recoveries = server.timesLogged(WELL);
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      begin.run();
      Future<Void> load =
          thread.submit(
              new VerifyingLoad(
                  client, versions, 0, versions.length, BYTES_DURING_AN_OUTAGE, ++seed));
      server.awaitLog(TROUBLE, troubles + 1);
      end.run();
      load.get(LOAD_LIMIT_S, TimeUnit.SECONDS);
    }
    server.awaitLog(WELL, recoveries + 1);
  }
}
