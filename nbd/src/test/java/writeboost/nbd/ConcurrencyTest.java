package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.MemoryDevice;

/** Several clients on a device that answers in any order, from several threads. */
@Timeout(60)
class ConcurrencyTest {

  private static final long SEED = 20261122;
  private static final int CLIENTS = 4;
  private static final int REGION = Served.SIZE / CLIENTS;
  private static final int ROUNDS = 40;
  private static final int PLACES = 32;
  private static final int PLACE = REGION / PLACES;
  private static final int[] SIZES = {512, 4096, 4096, 65536, 66048, 131072, PLACE};

  @Test
  void everyAnswerReachesWhoAsked() throws Exception {
    run(ServerOptions.DEFAULTS);
  }

  @Test
  void alsoWhereTheServerPolls() throws Exception {
    run(ServerOptions.DEFAULTS.withPoll(ServerOptions.LONGEST_POLL));
  }

  /** Nobody waits for ever, nobody is taken for gone, and every sector is somebody's. */
  @Test
  void whoWriteToTheSamePlaceAreAllAnswered() throws Exception {
    int size = 4 << 20;
    try (Served served =
        new Served(new MemoryDevice(size), new Export("", "", false), ServerOptions.DEFAULTS)) {
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (int i = 1; i <= 2 * CLIENTS; i++) {
        int number = i;
        clients.add(CompletableFuture.runAsync(() -> meet(served, number, size)));
      }
      for (CompletableFuture<Void> client : clients) {
        client.get();
      }
      try (RawClient client = served.client()) {
        byte[] disk = client.readBack(0, size);
        for (int at = 0; at < size; at += 512) {
          byte[] sector = Arrays.copyOfRange(disk, at, at + 512);
          assertThat(sector).as("at %d", at).isEqualTo(TransmissionTest.filled(512, sector[0]));
        }
      }
    }
  }

  /** Many at once; long ones too, which take another way to the device. */
  private static void meet(Served served, int number, int size) {
    Random random = new Random(SEED + number);
    try (RawClient client = served.client()) {
      for (int round = 0; round < ROUNDS; round++) {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        int count = 1 + random.nextInt(PLACES);
        for (int i = 0; i < count; i++) {
          int length = SIZES[random.nextInt(SIZES.length)];
          long at = random.nextInt((size - length) / 512 + 1) * 512L;
          stream.writeBytes(
              switch (random.nextInt(8)) {
                case 0 -> RawClient.request(0, Protocol.CMD_TRIM, i, at, length);
                case 1 -> RawClient.request(0, Protocol.CMD_WRITE_ZEROES, i, at, length);
                case 2 -> RawClient.flush(i);
                default -> RawClient.write(i, at, TransmissionTest.filled(length, number));
              });
        }
        Thread sender = Thread.ofVirtual().start(() -> send(client, stream.toByteArray()));
        for (int i = 0; i < count; i++) {
          assertThat(client.reply().error()).isZero();
        }
        sender.join();
      }
    } catch (IOException | InterruptedException e) {
      throw new AssertionError("seed " + SEED + " client " + number, e);
    }
  }

  private static void run(ServerOptions options) throws Exception {
    ShufflingDevice device = new ShufflingDevice(new MemoryDevice(Served.SIZE), SEED, 2);
    Export export = new Export("disk", "", false);
    try (Served served = new Served(device, export, options)) {
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int number = i;
        clients.add(CompletableFuture.runAsync(() -> run(served, number)));
      }
      for (CompletableFuture<Void> client : clients) {
        client.get();
      }
    }
  }

  private static void run(Served served, int number) {
    Random random = new Random(SEED + number);
    byte[] model = new byte[REGION];
    try (RawClient client = served.client()) {
      for (int round = 0; round < ROUNDS; round++) {
        round(client, random, (long) REGION * number, model);
      }
      client.send(RawClient.disconnect());
      client.expectEnd();
    } catch (IOException e) {
      throw new AssertionError("seed " + SEED + " client " + number, e);
    }
  }

  /** Requests at different places, all in flight at once; replies in any order. */
  private static void round(RawClient client, Random random, long base, byte[] model)
      throws IOException {
    Map<Long, byte[]> expected = new HashMap<>();
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    int first = random.nextInt(PLACES);
    int count = 1 + random.nextInt(PLACES);
    for (int i = 0; i < count; i++) {
      int length = SIZES[random.nextInt(SIZES.length)];
      int at = (first + i) % PLACES * PLACE + random.nextInt((PLACE - length) / 512 + 1) * 512;
      long cookie = random.nextLong();
      if (random.nextBoolean()) {
        byte[] data = new byte[length];
        random.nextBytes(data);
        System.arraycopy(data, 0, model, at, length);
        stream.writeBytes(RawClient.write(cookie, base + at, data));
        expected.put(cookie, new byte[0]);
      } else {
        stream.writeBytes(RawClient.read(cookie, base + at, length));
        expected.put(cookie, Arrays.copyOfRange(model, at, at + length));
      }
    }
    Thread sender = Thread.ofVirtual().start(() -> send(client, stream.toByteArray()));
    while (!expected.isEmpty()) {
      RawClient.Reply reply = client.reply();
      assertThat(reply.error()).isZero();
      byte[] data = expected.remove(reply.cookie());
      assertThat(data).as("seed %d: somebody's cookie", SEED).isNotNull();
      assertThat(Arrays.equals(client.payload(data.length), data)).as("seed %d", SEED).isTrue();
    }
    try {
      sender.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void send(RawClient client, byte[] bytes) {
    try {
      client.send(bytes);
    } catch (IOException e) { // whoever waits for the replies fails
      System.err.println("sending: " + e);
    }
  }
}
