package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Data in and out, however the bytes come. */
@Timeout(60)
class TransmissionTest {

  private Served served;
  private RawClient client;

  @BeforeEach
  void connect() throws IOException {
    served = new Served();
    client = served.client();
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.close();
  }

  @Test
  void aStreamMayBeCutAnywhere() throws IOException {
    byte[] stream =
        join(
            RawClient.write(1, 512, filled(512, 1)),
            RawClient.flush(2),
            RawClient.write(3, 1024, filled(512, 2)));
    byte[] marker = RawClient.read(99, 0, 512);
    for (int cut = 1; cut < stream.length; cut++) {
      // The marker and the first part go in one piece: when it is answered, the part was seen
      // alone.
      client.send(join(marker, Arrays.copyOfRange(stream, 0, cut)));
      assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 99));
      client.payload(512);
      client.send(Arrays.copyOfRange(stream, cut, stream.length));
      for (long cookie = 1; cookie <= 3; cookie++) {
        assertThat(client.reply()).as("cut at %d", cut).isEqualTo(new RawClient.Reply(0, cookie));
      }
    }
    for (byte b : stream) {
      client.send(new byte[] {b});
    }
    for (long cookie = 1; cookie <= 3; cookie++) {
      assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, cookie));
    }
    assertThat(client.readBack(512, 1024)).isEqualTo(join(filled(512, 1), filled(512, 2)));
  }

  @Test
  void pipelinedInOneWrite() throws IOException {
    byte[][] requests = new byte[64][];
    for (int i = 0; i < 64; i++) {
      requests[i] = RawClient.write(i, 4096L * i, filled(4096, i));
    }
    client.send(join(requests));
    for (int i = 0; i < 64; i++) {
      assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, i));
    }
    for (int i = 0; i < 64; i++) {
      requests[i] = i % 8 == 0 ? RawClient.flush(i) : RawClient.read(i, 4096L * i, 4096);
    }
    client.send(join(requests));
    for (int i = 0; i < 64; i++) {
      assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, i));
      if (i % 8 != 0) {
        assertThat(client.payload(4096)).isEqualTo(filled(4096, i));
      }
    }
  }

  @Test
  void morePipelinedRequestsThanThereAreCommands() throws IOException {
    int count = 5 * Outbound.MAX_COMMANDS;
    byte[][] requests = new byte[count][];
    for (int i = 0; i < count; i++) {
      requests[i] = RawClient.request(0, Protocol.CMD_TRIM, i, 0, 512);
    }
    client.send(join(requests));
    for (int i = 0; i < count; i++) {
      assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, i));
    }
  }

  /** Sizes around every boundary of the buffers, mixed at random, checked against a model. */
  @Test
  void anySizesMixed() throws IOException {
    long seed = 20261122;
    Random random = new Random(seed);
    byte[] model = new byte[2 << 20];
    int[] sizes = {512, 4096, 65024, 65536, 66048, 131072, 261632, 262144, 262656, 1 << 20};
    for (int round = 0; round < 100; round++) {
      Map<Integer, byte[]> expected = new HashMap<>();
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      int count = 1 + random.nextInt(12);
      for (int i = 0; i < count; i++) {
        int length = sizes[random.nextInt(sizes.length)];
        int offset = random.nextInt((model.length - length) / 512 + 1) * 512;
        if (random.nextBoolean()) {
          byte[] data = new byte[length];
          random.nextBytes(data);
          System.arraycopy(data, 0, model, offset, length);
          stream.writeBytes(RawClient.write(i, offset, data));
          expected.put(i, new byte[0]);
        } else {
          stream.writeBytes(RawClient.read(i, offset, length));
          expected.put(i, Arrays.copyOfRange(model, offset, offset + length));
        }
      }
      byte[] all = stream.toByteArray();
      Thread sender = Thread.ofVirtual().start(() -> sendQuietly(all));
      for (int i = 0; i < count; i++) {
        RawClient.Reply reply = client.reply();
        assertThat(reply).as("seed %d round %d", seed, round).isEqualTo(new RawClient.Reply(0, i));
        byte[] data = expected.get(i);
        assertThat(Arrays.equals(client.payload(data.length), data))
            .as("seed %d round %d", seed, round)
            .isTrue();
      }
      join(sender);
    }
  }

  private void sendQuietly(byte[] all) {
    try {
      client.send(all);
    } catch (IOException e) { // whoever waits for the replies fails
      System.err.println("sending: " + e);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  static byte[] filled(int length, int value) {
    byte[] data = new byte[length];
    Arrays.fill(data, (byte) value);
    return data;
  }

  static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
