package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.BlockDevice;
import writeboost.device.MemoryDevice;

/**
 * Sense and nonsense in both phases: what comes back is what {@link ProtocolModel} says, byte for
 * byte; no connection fails with an exception, none stays, and no memory does.
 *
 * <p>{@code -Dfuzz.runs=N} is the number of connections, {@code -Dfuzz.seed=S} the first seed.
 */
@Timeout(value = 12, unit = TimeUnit.HOURS)
class FuzzTest {

  private static final long SEED = Long.getLong("fuzz.seed", 20261122);
  private static final int RUNS = Integer.getInteger("fuzz.runs", 3000);
  private static final int DISK_BYTES = 1 << 20;

  private final Logger logger = Logger.getLogger(Connection.class.getPackageName());
  private final ErrorCollector errors = new ErrorCollector();
  private final byte[] disk = new byte[DISK_BYTES];
  private final boolean[] known = new boolean[DISK_BYTES / ProtocolModel.SECTOR];
  private ServerOptions options = ServerOptions.DEFAULTS;

  @BeforeEach
  void collectErrors() {
    logger.addHandler(errors);
    logger.setUseParentHandlers(false);
  }

  @AfterEach
  void letErrorsGo() {
    logger.removeHandler(errors);
    logger.setUseParentHandlers(true);
  }

  @Test
  void oneAfterAnother() throws Exception {
    Arrays.fill(known, true);
    fuzz(new MemoryDevice(DISK_BYTES), false, true, RUNS);
  }

  @Test
  void whereTheServerPolls() throws Exception {
    Arrays.fill(known, true);
    options = options.withPoll(ServerOptions.LONGEST_POLL);
    fuzz(new MemoryDevice(DISK_BYTES), false, true, RUNS / 4);
  }

  @Test
  void readOnly() throws Exception {
    Arrays.fill(known, true);
    fuzz(new MemoryDevice(DISK_BYTES), true, true, RUNS / 4);
  }

  @Test
  void inAnyOrder() throws Exception {
    fuzz(new ShufflingDevice(new MemoryDevice(DISK_BYTES), SEED, 2), false, false, RUNS / 4);
  }

  private void fuzz(BlockDevice device, boolean readOnly, boolean ordered, int runs)
      throws Exception {
    Export export = new Export(ProtocolModel.NAME, ProtocolModel.DESCRIPTION, readOnly);
    Served served = new Served(device, export, options);
    try (served) { // fails if a connection is left
      for (long seed = SEED; seed < SEED + runs; seed++) {
        try {
          run(served, seed, readOnly, ordered);
          assertThat(errors.first).isNull();
        } catch (Exception | AssertionError e) {
          throw new AssertionError("-Dfuzz.runs=1 -Dfuzz.seed=" + seed + ": " + e, e);
        }
      }
    }
    assertThat(served.server.memoryInUse()).isZero();
  }

  private void run(Served served, long seed, boolean readOnly, boolean ordered) throws Exception {
    byte[] input = new ProtocolFuzz(seed, DISK_BYTES).input();
    ProtocolModel model = new ProtocolModel(input, disk, known, readOnly, ordered);
    model.run();
    byte[] output = talk(served, input, new Random(seed));
    new ModelCheck(model, output, ordered).run(known);
  }

  /** The end of the stream makes the server finish whatever it makes of the last message. */
  private static byte[] talk(Served served, byte[] input, Random random) throws Exception {
    try (RawClient client = new RawClient(served.address)) {
      ByteArrayOutputStream output = new ByteArrayOutputStream();
      Thread reader = Thread.ofVirtual().start(() -> readToEnd(client, output));
      try {
        int at = 0;
        while (at < input.length) {
          int length = random.nextInt(4) == 0 ? 1 + random.nextInt(100) : input.length;
          length = Math.min(length, input.length - at);
          client.sendAll(ByteBuffer.wrap(input, at, length));
          at += length;
        }
        client.socket.shutdownOutput();
      } catch (IOException e) { // the server has closed: it may
        assertThat(e).hasMessageMatching("Broken pipe|Connection reset by peer|null");
      }
      reader.join();
      return output.toByteArray();
    }
  }

  private static void readToEnd(RawClient client, ByteArrayOutputStream output) {
    ByteBuffer sink = ByteBuffer.allocate(1 << 16);
    try {
      while (client.socket.read(sink.clear()) >= 0) {
        output.write(sink.array(), 0, sink.position());
      }
    } catch (IOException e) { // as good an end
      sink.clear();
    }
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
