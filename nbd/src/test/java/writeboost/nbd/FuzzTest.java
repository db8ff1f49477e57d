package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
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
 * Nonsense in both phases: no connection fails with an exception, none stays, and the server serves
 * on. Messages are well-formed ones with a few bytes changed, so that they get far.
 */
@Timeout(120)
class FuzzTest {

  private static final long SEED = 20261122;
  private static final int CLIENTS = 300;

  private final Logger logger = Logger.getLogger(Connection.class.getPackageName());
  private final ErrorCollector errors = new ErrorCollector();
  private Served served;

  @BeforeEach
  void serve() throws IOException {
    logger.addHandler(errors);
    logger.setUseParentHandlers(false);
    served = new Served();
  }

  @AfterEach
  void close() throws IOException {
    served.close(); // fails if a connection is left
    logger.removeHandler(errors);
    logger.setUseParentHandlers(true);
  }

  @Test
  void handshake() throws IOException {
    fuzz(
        (random, seed) -> {
          try (RawClient client = new RawClient(served.address)) {
            client.payload(Protocol.GREETING_BYTES);
            client.send(new byte[] {0, 0, 0, (byte) random.nextInt(4)});
            sendAndLeave(client, random, FuzzTest::option);
          }
        });
  }

  @Test
  void transmission() throws IOException {
    fuzz(
        (random, seed) -> {
          try (RawClient client = served.client()) {
            sendAndLeave(client, random, FuzzTest::request);
          }
        });
  }

  private interface Client {
    void run(Random random, long seed) throws IOException;
  }

  private interface Message {
    byte[] make(Random random);
  }

  private void fuzz(Client client) throws IOException {
    for (long seed = SEED; seed < SEED + CLIENTS; seed++) {
      try {
        client.run(new Random(seed), seed);
      } catch (IOException e) {
        throw new AssertionError("seed " + seed, e);
      }
      assertThat(errors.first).as("seed %d", seed).isNull();
    }
    try (RawClient sane = served.client()) {
      assertThat(sane.errorOf(RawClient.write(1, 0, new byte[512]))).isZero();
      assertThat(sane.readBack(0, 512)).containsOnly(0);
    }
  }

  /** The end of the stream makes the server finish whatever it makes of the last message. */
  private static void sendAndLeave(RawClient client, Random random, Message message)
      throws IOException {
    Thread reader = Thread.ofVirtual().start(() -> readToEnd(client));
    try {
      int count = 1 + random.nextInt(20);
      for (int i = 0; i < count; i++) {
        client.send(damaged(message.make(random), random));
      }
      client.socket.shutdownOutput();
    } catch (IOException e) { // the server has closed: it may
      assertThat(e).hasMessageMatching("Broken pipe|Connection reset by peer|null");
    }
    try {
      reader.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void readToEnd(RawClient client) {
    ByteBuffer sink = ByteBuffer.allocate(1 << 16);
    try {
      while (client.socket.read(sink.clear()) >= 0) {}
    } catch (IOException e) { // as good an end
      sink.clear();
    }
  }

  private static byte[] damaged(byte[] message, Random random) {
    if (random.nextInt(3) == 0) {
      int changes = 1 + random.nextInt(4);
      for (int i = 0; i < changes; i++) {
        message[random.nextInt(Math.min(message.length, 48))] = (byte) random.nextInt();
      }
    }
    return message;
  }

  private static byte[] option(Random random) {
    int option = random.nextInt(14);
    if (option == Protocol.OPT_INFO || option == Protocol.OPT_GO) {
      String name = random.nextBoolean() ? "disk" : "x".repeat(random.nextInt(5000));
      return RawClient.option(option, RawClient.nameAndItems(name, 0, 1, random.nextInt(8)));
    }
    return RawClient.option(option, new byte[random.nextInt(64)]);
  }

  private static byte[] request(Random random) {
    int type = random.nextInt(20) == 0 ? random.nextInt(1 << 16) : random.nextInt(8);
    if (type == Protocol.CMD_DISC && random.nextInt(4) != 0) {
      type = Protocol.CMD_FLUSH;
    }
    int length = random.nextInt(3) == 0 ? random.nextInt() : 512 * random.nextInt(300);
    long offset = random.nextInt(4) == 0 ? random.nextLong() : 512L * random.nextInt(1 << 17);
    byte[] data = new byte[type == Protocol.CMD_WRITE ? Math.clamp(length, 0, 200_000) : 0];
    int flags = random.nextInt(4) == 0 ? random.nextInt(64) : 0;
    return RawClient.request(flags, type, random.nextLong(), offset, length, data);
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
