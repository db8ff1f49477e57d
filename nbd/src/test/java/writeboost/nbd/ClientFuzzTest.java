package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Random;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A server that lies: whatever it sends, in the handshake and after, no exception gets out of the
 * connection, every request is answered once, and nobody touches memory that is not lent. As long
 * as it is honest, every answer is right; what the client sends always is.
 *
 * <p>{@code -Dfuzz.runs=N -Dfuzz.seed=S} runs as many as wanted; a failure names its seed, and
 * {@code -Dfuzz.runs=1 -Dfuzz.seed=S} runs that one again.
 */
class ClientFuzzTest {

  private static final long RUNS = Long.getLong("fuzz.runs", 1_500);
  private static final long SEED = Long.getLong("fuzz.seed", 20261123);

  /** Waits for nothing after a loss: each run ends with its first connection. */
  private static final ClientOptions OPTIONS =
      ClientOptions.DEFAULTS
          .withConnectTimeout(Duration.ofSeconds(60))
          .withQuarantine(Duration.ZERO);

  private final Logger logger = Logger.getLogger(NbdDevice.class.getPackageName());
  private final ErrorCollector errors = new ErrorCollector();
  private HostileServer server;

  @BeforeEach
  void open() throws IOException {
    logger.addHandler(errors);
    logger.setUseParentHandlers(false);
    server = new HostileServer();
  }

  @AfterEach
  void close() throws Exception {
    server.close();
    logger.removeHandler(errors);
    logger.setUseParentHandlers(true);
  }

  @Test
  @Timeout(3600)
  void aHostileServer() throws Exception {
    for (long seed = SEED; seed < SEED + RUNS; seed++) {
      try {
        run(seed);
        assertThat(errors.first).isNull();
      } catch (IOException | RuntimeException | AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private void run(long seed) throws Exception {
    Random random = new Random(seed);
    HostileSession session = new HostileSession(random.nextLong());
    server.play(session);
    FuzzedCalls calls = new FuzzedCalls(session, random);
    try (NbdDevice device = NbdDevice.connect(server.uri(), OPTIONS)) {
      assertThat(session.isHonest() ? device.size() : HostileSession.SIZE)
          .isEqualTo(HostileSession.SIZE);
      calls.run(device);
    } catch (IOException e) {
      if (session.isHonest() || e.getMessage().contains("does not answer")) {
        throw e;
      }
      return;
    } finally {
      session.check();
    }
    calls.check();
  }

  /** Keeps the first thing that was logged as an error: an exception that got out. */
  private static final class ErrorCollector extends Handler {
    volatile LogRecord first;

    @Override
    public void publish(LogRecord record) {
      if (first == null && record.getLevel().intValue() >= Level.SEVERE.intValue()) {
        first = record;
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
