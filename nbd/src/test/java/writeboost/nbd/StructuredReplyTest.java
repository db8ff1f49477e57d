package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.nbd.Protocol.CHUNK_ERROR;
import static writeboost.nbd.Protocol.CHUNK_NONE;
import static writeboost.nbd.Protocol.CHUNK_OFFSET_DATA;
import static writeboost.nbd.Protocol.CHUNK_OFFSET_HOLE;
import static writeboost.nbd.Protocol.CMD_READ;
import static writeboost.nbd.TransmissionTest.filled;
import static writeboost.nbd.TransmissionTest.join;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Errno;

/** READs in chunks: "Structured reply chunk message" of the specification. */
@Timeout(30)
class StructuredReplyTest {

  private static final int UNIT = DescribedDevice.UNIT;

  private final DescribedDevice device = new DescribedDevice();
  private Served served;
  private RawClient client;

  @BeforeEach
  void connect() throws IOException {
    served = new Served(device, new Export("disk", "", false), ServerOptions.DEFAULTS);
    client = RawClient.structured(served.address);
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.close();
  }

  @Test
  void dataIsOneChunkAndTheLast() throws IOException {
    write(8192, filled(4096, 7));
    client.send(RawClient.read(5, 8192, 4096));
    RawClient.Chunk chunk = client.chunk();
    assertThat(chunk.type()).isEqualTo(CHUNK_OFFSET_DATA);
    assertThat(chunk.done()).isTrue();
    assertThat(chunk.cookie()).isEqualTo(5);
    assertThat(chunk.buffer().getLong()).isEqualTo(8192);
    assertThat(Arrays.copyOfRange(chunk.data(), 8, chunk.data().length)).isEqualTo(filled(4096, 7));
  }

  @Test
  void zeroesThatAreKnownAreHoles() throws IOException {
    device.zero(2 * UNIT, 3 * UNIT);
    device.zero(9 * UNIT, UNIT);
    byte[] all = new byte[12 * UNIT];
    Arrays.fill(all, 0, 2 * UNIT, (byte) 1);
    Arrays.fill(all, 5 * UNIT, 9 * UNIT, (byte) 2);
    Arrays.fill(all, 10 * UNIT, 12 * UNIT, (byte) 3);
    write(0, all);
    client.send(RawClient.read(1, 0, all.length));
    List<RawClient.Chunk> chunks = client.chunks();
    assertThat(chunks)
        .extracting(RawClient.Chunk::type)
        .containsExactly(
            CHUNK_OFFSET_DATA,
            CHUNK_OFFSET_HOLE,
            CHUNK_OFFSET_DATA,
            CHUNK_OFFSET_HOLE,
            CHUNK_OFFSET_DATA);
    assertThat(content(chunks, 0, all.length)).isEqualTo(all);
  }

  /** In one slab and in slabs of their own; from and to the middle of holes. */
  @Test
  void anyRangeOfHolesAndDataIsWhole() throws IOException {
    byte[] all = new byte[4 << 20];
    for (int unit = 0; unit < all.length / UNIT; unit++) {
      if (unit % 7 < 2 || unit > 300 && unit < 700) {
        device.zero((long) unit * UNIT, UNIT);
      } else {
        Arrays.fill(all, unit * UNIT, (unit + 1) * UNIT, (byte) (unit % 100 + 1));
      }
    }
    write(0, all);
    for (int[] range :
        new int[][] {
          {512, 512},
          {512, 4096},
          {0, 65536},
          {2048, 61440},
          {1536, 1 << 20},
          {0, 4 << 20},
          {1 << 20, 1 << 20},
          {512, (4 << 20) - 1024}
        }) {
      client.send(RawClient.read(3, range[0], range[1]));
      assertThat(content(client.chunks(), range[0], range[1]))
          .isEqualTo(Arrays.copyOfRange(all, range[0], range[0] + range[1]));
    }
  }

  @Test
  void aHoleCanBeAllThereIs() throws IOException {
    device.zero(0, 1 << 20);
    client.send(RawClient.read(1, 512, 65536));
    RawClient.Chunk chunk = client.chunk();
    assertThat(chunk.type()).isEqualTo(CHUNK_OFFSET_HOLE);
    assertThat(chunk.done()).isTrue();
    assertThat(chunk.buffer().getLong()).isEqualTo(512);
    assertThat(chunk.buffer().getInt(8)).isEqualTo(65536);
  }

  @Test
  void withoutFragmentsThereIsOneChunkOfData() throws IOException {
    device.zero(UNIT, UNIT);
    write(0, join(filled(UNIT, 1), new byte[UNIT], filled(UNIT, 2)));
    int length = 3 * UNIT;
    client.send(RawClient.request(Protocol.CMD_FLAG_DF, CMD_READ, 1, 0, length));
    List<RawClient.Chunk> chunks = client.chunks();
    assertThat(chunks).extracting(RawClient.Chunk::type).containsExactly(CHUNK_OFFSET_DATA);
    assertThat(content(chunks, 0, length))
        .isEqualTo(join(filled(UNIT, 1), new byte[UNIT], filled(UNIT, 2)));
    client.send(RawClient.request(Protocol.CMD_FLAG_DF, CMD_READ, 1, 0, Protocol.MAX_PAYLOAD));
    assertThat(client.chunks()).hasSize(1);
  }

  @Test
  void nothingIsAnEmptyReply() throws IOException {
    client.send(RawClient.read(9, 512, 0));
    RawClient.Chunk chunk = client.chunk();
    assertThat(chunk.type()).isEqualTo(CHUNK_NONE);
    assertThat(chunk.done()).isTrue();
    assertThat(chunk.data()).isEmpty();
  }

  @Test
  void everyErrorOfAReadIsAChunk() throws IOException {
    client.send(RawClient.read(1, served.device.size(), 512));
    expectError(1, Errno.EINVAL);
    client.send(RawClient.read(2, 0, Protocol.MAX_PAYLOAD + 512));
    expectError(2, Errno.EINVAL);
    client.send(RawClient.request(Protocol.CMD_FLAG_NO_HOLE, CMD_READ, 3, 0, 512));
    expectError(3, Errno.EINVAL);
    device.zero(0, UNIT);
    device.error = Errno.EIO;
    client.send(RawClient.read(4, 0, 1 << 20));
    expectError(4, Errno.EIO);
  }

  @Test
  void otherCommandsHaveSimpleReplies() throws IOException {
    assertThat(client.errorOf(RawClient.write(1, 0, filled(512, 1)))).isZero();
    assertThat(client.errorOf(RawClient.flush(2))).isZero();
    assertThat(client.errorOf(RawClient.write(3, served.device.size(), filled(512, 1))))
        .isEqualTo(Errno.ENOSPC);
  }

  /** More than one write to the socket takes: of headers, and of payloads. */
  @Test
  void manyRepliesAtOnce() throws IOException {
    for (int unit = 0; unit < 1024; unit += 2) {
      device.zero((long) unit * UNIT, UNIT);
    }
    int count = 200;
    byte[][] requests = new byte[count][];
    for (int i = 0; i < count; i++) {
      requests[i] = RawClient.read(i, 0, (i % 40 + 1) * UNIT);
    }
    client.send(join(requests));
    for (int i = 0; i < count; i++) {
      int length = (i % 40 + 1) * UNIT;
      assertThat(content(client.chunks(), 0, length)).isEqualTo(new byte[length]);
    }
  }

  private void write(long offset, byte[] data) throws IOException {
    assertThat(client.errorOf(RawClient.write(1, offset, data))).isZero();
  }

  private void expectError(long cookie, int error) throws IOException {
    RawClient.Chunk chunk = client.chunk();
    assertThat(chunk.type()).isEqualTo(CHUNK_ERROR);
    assertThat(chunk.done()).isTrue();
    assertThat(chunk.cookie()).isEqualTo(cookie);
    assertThat(chunk.buffer().getInt()).isEqualTo(error);
    assertThat(chunk.buffer().getShort(4)).isZero();
    assertThat(chunk.data()).hasSize(6);
  }

  /** What chunks say of a range; they cover it once, and nothing else. */
  static byte[] content(List<RawClient.Chunk> chunks, long offset, int length) {
    byte[] content = new byte[length];
    boolean[] covered = new boolean[length];
    for (RawClient.Chunk chunk : chunks) {
      ByteBuffer data = chunk.buffer();
      int at = (int) (data.getLong() - offset);
      boolean hole = chunk.type() == CHUNK_OFFSET_HOLE;
      int bytes = hole ? data.getInt() : data.remaining();
      for (int i = 0; i < bytes; i++) {
        assertThat(covered[at + i]).isFalse();
        covered[at + i] = true;
        content[at + i] = hole ? 0 : data.get();
      }
    }
    for (boolean byteCovered : covered) {
      assertThat(byteCovered).isTrue();
    }
    return content;
  }
}
