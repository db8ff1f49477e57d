package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.nbd.Protocol.CMD_BLOCK_STATUS;
import static writeboost.nbd.Protocol.OPT_GO;
import static writeboost.nbd.Protocol.OPT_LIST_META_CONTEXT;
import static writeboost.nbd.Protocol.OPT_SET_META_CONTEXT;
import static writeboost.nbd.Protocol.OPT_STRUCTURED_REPLY;
import static writeboost.nbd.TransmissionTest.join;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.MemoryDevice;

/** Metadata contexts, and what they say of ranges. */
@Timeout(30)
class BlockStatusTest {

  private static final String ALLOCATION = MetaContext.ALLOCATION;
  private static final String OURS = "x-test:parity";
  private static final int UNIT = DescribedDevice.UNIT;
  private static final int HOLE = Extents.HOLE | Extents.ZERO;

  private final DescribedDevice device = new DescribedDevice();
  private Served served;

  /** One extent for every 512 bytes. */
  private static void parity(Extents extents) {
    int state = 0;
    while (extents.add(512, state)) {
      state ^= 1;
    }
    extents.complete(Errno.OK);
  }

  @BeforeEach
  void serve() throws IOException {
    Export export =
        new Export("disk", "", false, List.of(new MetaContext(OURS, BlockStatusTest::parity)));
    served = new Served(device, export, ServerOptions.DEFAULTS);
    served.server.export(new MemoryDevice(4096), new Export("other", "", false));
  }

  @AfterEach
  void close() throws IOException {
    served.close();
  }

  // choosing

  private RawClient negotiating() throws IOException {
    RawClient client = new RawClient(served.address);
    client.greet(3);
    client.send(RawClient.option(OPT_STRUCTURED_REPLY, new byte[0]));
    client.optionsUntilAck();
    return client;
  }

  private static List<String> names(RawClient client, int option, String name, String... queries)
      throws IOException {
    client.send(RawClient.option(option, RawClient.nameAndQueries(name, queries)));
    List<String> names = new ArrayList<>();
    for (RawClient.OptionReply reply : client.optionsUntilAck()) {
      assertThat(reply.option()).isEqualTo(option);
      assertThat(reply.type()).isEqualTo(Protocol.REP_META_CONTEXT);
      assertThat(reply.buffer().getInt()).isBetween(0, option == OPT_SET_META_CONTEXT ? 1 : 0);
      names.add(new String(reply.data(), 4, reply.data().length - 4, StandardCharsets.UTF_8));
    }
    return names;
  }

  private static int error(RawClient client, int option, byte[] data) throws IOException {
    client.send(RawClient.option(option, data));
    return client.optionReply().type();
  }

  @Test
  void listShowsWhatIsAskedFor() throws IOException {
    try (RawClient client = negotiating()) {
      assertThat(names(client, OPT_LIST_META_CONTEXT, "")).containsExactly(ALLOCATION, OURS);
      assertThat(names(client, OPT_LIST_META_CONTEXT, "other")).containsExactly(ALLOCATION);
      assertThat(names(client, OPT_LIST_META_CONTEXT, "disk", "base:")).containsExactly(ALLOCATION);
      assertThat(names(client, OPT_LIST_META_CONTEXT, "", "x-test:", OURS)).containsExactly(OURS);
      assertThat(names(client, OPT_LIST_META_CONTEXT, "", "base", "x-test:par", "", "qemu:"))
          .isEmpty();
    }
  }

  @Test
  void setTakesWholeNamesOnly() throws IOException {
    try (RawClient client = negotiating()) {
      assertThat(names(client, OPT_SET_META_CONTEXT, "", OURS, ALLOCATION, OURS))
          .containsExactly(ALLOCATION, OURS);
      assertThat(names(client, OPT_SET_META_CONTEXT, "", "base:", "x-test:", "other:x")).isEmpty();
      assertThat(names(client, OPT_SET_META_CONTEXT, "")).isEmpty();
    }
  }

  @Test
  void whatIsWrongIsSaidAndTheHandshakeGoesOn() throws IOException {
    try (RawClient client = new RawClient(served.address)) {
      client.greet(3);
      byte[] good = RawClient.nameAndQueries("", ALLOCATION);
      for (int option : new int[] {OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT}) {
        assertThat(error(client, option, good)).isEqualTo(Protocol.REP_ERR_INVALID);
      }
      assertThat(error(client, OPT_STRUCTURED_REPLY, new byte[1]))
          .isEqualTo(Protocol.REP_ERR_INVALID);
      assertThat(error(client, OPT_STRUCTURED_REPLY, new byte[0])).isEqualTo(Protocol.REP_ACK);
      for (int option : new int[] {OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT}) {
        assertThat(error(client, option, RawClient.nameAndQueries("no such", ALLOCATION)))
            .isEqualTo(Protocol.REP_ERR_UNKNOWN);
        byte[][] malformed = {
          {},
          {0, 0, 0, 1},
          {0, 0, 0, 0, 0, 0, 0},
          {0, 0, 0, 0, 0, 0, 0, 1},
          {0, 0, 0, 0, -1, -1, -1, -1},
          {-1, -1, -1, -1, 0, 0, 0, 0},
          {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 'b'},
          {0, 0, 0, 0, 0, 0, 0, 0, 0},
        };
        for (byte[] data : malformed) {
          assertThat(error(client, option, data)).isEqualTo(Protocol.REP_ERR_INVALID);
        }
      }
      client.send(RawClient.option(OPT_GO, RawClient.nameAndItems("")));
      client.optionsUntilAck();
      assertThat(client.errorOf(RawClient.flush(1))).isZero();
    }
  }

  @Test
  void aChoiceHoldsForItsExportAndUntilTheNext() throws IOException {
    try (RawClient client = negotiating()) {
      names(client, OPT_SET_META_CONTEXT, "other", ALLOCATION);
      client.send(RawClient.option(OPT_GO, RawClient.nameAndItems("disk")));
      client.optionsUntilAck();
      expectInvalid(client);
    }
    try (RawClient client = negotiating()) {
      names(client, OPT_SET_META_CONTEXT, "disk", ALLOCATION);
      assertThat(error(client, OPT_SET_META_CONTEXT, new byte[3]))
          .isEqualTo(Protocol.REP_ERR_INVALID);
      client.send(RawClient.option(OPT_GO, RawClient.nameAndItems("disk")));
      client.optionsUntilAck();
      expectInvalid(client);
    }
    try (RawClient client = negotiating()) {
      names(client, OPT_SET_META_CONTEXT, "disk", ALLOCATION);
      byte[] tooBig = RawClient.nameAndQueries("disk", ALLOCATION, "x".repeat(20_000));
      assertThat(error(client, OPT_SET_META_CONTEXT, tooBig)).isEqualTo(Protocol.REP_ERR_TOO_BIG);
      client.send(RawClient.option(OPT_GO, RawClient.nameAndItems("disk")));
      client.optionsUntilAck();
      expectInvalid(client);
    }
    try (RawClient client = negotiating()) {
      names(client, OPT_SET_META_CONTEXT, "", ALLOCATION); // the same export by its other name
      client.send(RawClient.option(OPT_GO, RawClient.nameAndItems("disk")));
      client.optionsUntilAck();
      assertThat(ask(client, 0, 0, 512)).hasSize(1);
    }
  }

  private static void expectInvalid(RawClient client) throws IOException {
    client.send(RawClient.request(0, CMD_BLOCK_STATUS, 1, 0, 512));
    RawClient.Chunk chunk = client.chunk();
    assertThat(chunk.type()).isEqualTo(Protocol.CHUNK_ERROR);
    assertThat(chunk.buffer().getInt()).isEqualTo(Errno.EINVAL);
  }

  // asking

  /**
   * @param bytes of the extent
   */
  private record Extent(long bytes, int state) {}

  /** The extents of each context, in the order in which they came. */
  private static List<List<Extent>> ask(RawClient client, int flags, long offset, long length)
      throws IOException {
    client.send(RawClient.request(flags, CMD_BLOCK_STATUS, 77, offset, length));
    return extents(client);
  }

  private static List<List<Extent>> extents(RawClient client) throws IOException {
    List<List<Extent>> answers = new ArrayList<>();
    for (RawClient.Chunk chunk : client.chunks()) {
      assertThat(chunk.type()).isEqualTo(Protocol.CHUNK_BLOCK_STATUS);
      assertThat(chunk.cookie()).isEqualTo(77);
      ByteBuffer data = chunk.buffer();
      assertThat(data.getInt()).isBetween(0, 1);
      List<Extent> extents = new ArrayList<>();
      while (data.hasRemaining()) {
        extents.add(new Extent(data.getInt() & 0xffff_ffffL, data.getInt()));
      }
      answers.add(extents);
    }
    return answers;
  }

  @Test
  void extentsAreWhatTheDeviceSays() throws IOException {
    device.zero(UNIT, 2 * UNIT);
    try (RawClient client = RawClient.structured(served.address, ALLOCATION)) {
      assertThat(ask(client, 0, 0, 4 * UNIT))
          .containsExactly(
              List.of(new Extent(UNIT, 0), new Extent(2 * UNIT, HOLE), new Extent(UNIT, 0)));
      assertThat(ask(client, 0, UNIT + 512, 512)).containsExactly(List.of(new Extent(512, HOLE)));
      assertThat(ask(client, Protocol.CMD_FLAG_REQ_ONE, 512, Served.SIZE - 512))
          .containsExactly(List.of(new Extent(UNIT - 512, 0)));
      assertThat(ask(client, 0, 0, Served.SIZE).getFirst().getLast().state()).isZero();
    }
  }

  @Test
  void severalContextsAreSeveralChunks() throws IOException {
    try (RawClient client = RawClient.structured(served.address, ALLOCATION, OURS)) {
      assertThat(ask(client, 0, 0, 1024))
          .containsExactly(
              List.of(new Extent(1024, 0)), List.of(new Extent(512, 0), new Extent(512, 1)));
    }
  }

  /** As many as there is memory for; the client asks again. */
  @Test
  void anAnswerHasAtMost1024Extents() throws IOException {
    try (RawClient client = RawClient.structured(served.address, OURS)) {
      List<Extent> extents = ask(client, 0, 0, Served.SIZE).getFirst();
      assertThat(extents).hasSize(1024);
      assertThat(extents).extracting(Extent::bytes).containsOnly(512L);
    }
  }

  @Test
  void aContextThatSaysNothingHasFailed() throws IOException {
    MetaContext silent = new MetaContext("x-test:none", extents -> extents.complete(Errno.OK));
    Export export = new Export("disk", "", false, List.of(silent));
    try (Served other = new Served(new MemoryDevice(4096), export, ServerOptions.DEFAULTS);
        RawClient client = RawClient.structured(other.address, ALLOCATION, "x-test:none")) {
      client.send(RawClient.request(0, CMD_BLOCK_STATUS, 1, 0, 512));
      RawClient.Chunk chunk = client.chunk();
      assertThat(chunk.type()).isEqualTo(Protocol.CHUNK_ERROR);
      assertThat(chunk.done()).isTrue();
      assertThat(chunk.buffer().getInt()).isEqualTo(Errno.EIO);
    }
  }

  @Test
  void questionsThatAreWrongAreInvalid() throws IOException {
    try (RawClient client = RawClient.structured(served.address, ALLOCATION)) {
      long[][] ranges = {{0, 0}, {0, 511}, {1, 512}, {Served.SIZE, 512}, {-512, 512}};
      for (long[] range : ranges) {
        client.send(RawClient.request(0, CMD_BLOCK_STATUS, 5, range[0], range[1]));
        RawClient.Chunk chunk = client.chunk();
        assertThat(chunk.type()).isEqualTo(Protocol.CHUNK_ERROR);
        assertThat(chunk.buffer().getInt()).isEqualTo(Errno.EINVAL);
      }
      device.error = Errno.EIO;
      client.send(RawClient.request(0, CMD_BLOCK_STATUS, 5, 0, 512));
      assertThat(client.chunk().buffer().getInt()).isEqualTo(Errno.EIO);
    }
  }

  /** More than are worked on at once; and others go on meanwhile. */
  @Test
  void answersMayTakeTheirTime() throws Exception {
    try (RawClient client = RawClient.structured(served.address, ALLOCATION)) {
      device.holding = true;
      byte[][] questions = new byte[20][];
      for (int i = 0; i < questions.length; i++) {
        questions[i] = RawClient.request(0, CMD_BLOCK_STATUS, 77, 0, 512);
      }
      client.send(join(RawClient.flush(1), join(questions)));
      assertThat(client.reply().cookie()).isEqualTo(1);
      device.awaitHeld(8);
      for (int i = 0; i < questions.length; i++) {
        device.awaitHeld(1);
        Extents question;
        synchronized (device.held) {
          question = device.held.removeFirst();
        }
        device.answer(question);
        assertThat(extents(client)).containsExactly(List.of(new Extent(512, 0)));
      }
    }
  }

  @Test
  void aClientThatDiesAfterAskingLeavesNothing() throws Exception {
    device.holding = true;
    try (RawClient client = RawClient.structured(served.address, ALLOCATION)) {
      client.send(RawClient.request(0, CMD_BLOCK_STATUS, 77, 0, 512));
      device.awaitHeld(1);
    }
    device.answer(device.held.getFirst()); // close() sees that no connection is left
  }

  @Test
  void cacheIsAHint() throws IOException {
    try (RawClient client = served.client()) {
      byte[] cache = RawClient.request(0, Protocol.CMD_CACHE, 1, 4096, 1 << 20);
      assertThat(client.errorOf(cache)).isZero();
      assertThat(device.prefetched).isEqualTo(1 << 20);
      byte[] beyond = RawClient.request(0, Protocol.CMD_CACHE, 1, Served.SIZE, 512);
      assertThat(client.errorOf(beyond)).isEqualTo(Errno.EINVAL);
      byte[] nothing = RawClient.request(0, Protocol.CMD_CACHE, 1, 4096, 0);
      assertThat(client.errorOf(nothing)).isZero();
      assertThat(device.prefetches).isEqualTo(1);
      assertThat(device.prefetched).isEqualTo(1 << 20);
    }
  }
}
