package writeboost.nbd;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Errno;
import writeboost.device.Request;
import writeboost.nbd.Calls.Call;
import writeboost.nbd.ScriptedServer.Asked;
import writeboost.nbd.ScriptedServer.Connected;
import writeboost.nbd.ScriptedServer.Peer;

/** What the client puts on the wire, and what it makes of what it finds there. */
@Timeout(60)
class ClientWireTest {

  private static final ClientOptions OPTIONS = ClientOptions.DEFAULTS;
  private static final int WRITE = Protocol.CMD_WRITE;
  private static final int READ = Protocol.CMD_READ;

  private ScriptedServer server;

  @BeforeEach
  void open() throws Exception {
    server = new ScriptedServer();
  }

  @AfterEach
  void close() throws Exception {
    server.close();
  }

  // the handshake

  @Test
  void aServerThatDoesNotKnowGoIsAskedTheOldWay() throws Exception {
    server.knowsGo = false;
    for (boolean noZeroes : new boolean[] {true, false}) {
      server.noZeroes = noZeroes;
      try (Connected connected = server.connect(OPTIONS)) {
        assertThat(connected.device().size()).isEqualTo(ScriptedServer.SIZE);
        Call read = new Calls(connected.device()).read(0, 512);
        connected.peer().answer(connected.peer().next(READ));
        read.succeed();
      }
    }
  }

  @Test
  void aServerWithoutFlushIsRefusedUnlessAllowed() throws Exception {
    server.flags &= ~Protocol.TRANSMIT_SEND_FLUSH;
    refused("cannot flush", peer -> peer.negotiate());
    server.connect(OPTIONS.withNoFlush(true)).close();
    server.connect(OPTIONS.withReadOnly(true)).close();
  }

  @Test
  void refusalsAreToldInOneLine() throws Exception {
    refused("has no export \"x\"", peer -> refuse(peer, Protocol.REP_ERR_UNKNOWN, "no\nsuch"));
    refused("wants TLS", peer -> refuse(peer, Protocol.REP_ERR_TLS_REQD, ""));
    refused("refuses us (not today)", peer -> refuse(peer, Protocol.REP_ERR_POLICY, "not today"));
    refused("closes the connection", peer -> peer.option());
  }

  private static void refuse(Peer peer, int error, String why) throws IOException {
    peer.option();
    peer.replyToOption(error, ByteBuffer.allocate(why.length()).put(why.getBytes(US_ASCII)));
  }

  @Test
  void nonsenseIsRefused() throws Exception {
    refused("does not say the size", peer -> refuse(peer, Protocol.REP_ACK, ""));
    refused("malformed", peer -> refuse(peer, Protocol.REP_INFO, "\0\0abc"));
    refused(
        "answers with 100000 bytes",
        peer -> {
          peer.option();
          ByteBuffer reply = ByteBuffer.allocate(20).putLong(Protocol.OPTION_REPLY_MAGIC);
          peer.send(reply.putInt(7).putInt(Protocol.REP_INFO).putInt(100_000));
        });
    server.minimumBlock = 3000;
    refused("impossible block sizes", peer -> peer.negotiate());
    server.minimumBlock = 65536;
    refused("takes only blocks of 65536 bytes", peer -> peer.negotiate());
    server.minimumBlock = 1;
    server.size = 1000;
    refused("not a multiple of 512", peer -> peer.negotiate());
  }

  private interface Script {
    void play(Peer peer) throws Exception;
  }

  private void refused(String why, Script script) throws Exception {
    NbdAddress uri = server.uri();
    CompletableFuture<NbdDevice> device =
        CompletableFuture.supplyAsync(() -> ScriptedServer.connect(uri, OPTIONS));
    try (Peer peer = server.acceptSilently()) {
      peer.greet();
      script.play(peer);
    }
    assertThatThrownBy(device::join)
        .hasMessageContaining(uri + ": ")
        .hasMessageContaining(why)
        .hasMessageNotContaining("\n");
  }

  // requests

  @Test
  void whatIsTooLongForTheServerIsCut() throws Exception {
    server.maximumPayload = 8192;
    try (Connected connected = server.connect(OPTIONS)) {
      Calls calls = new Calls(connected.device());
      Peer peer = connected.peer();
      byte[] data = new byte[20480];
      new Random(1).nextBytes(data);
      Call write = calls.write(4096, data, Request.FUA);
      byte[] arrived = new byte[data.length];
      for (int at = 0; at < data.length; at += 8192) {
        Asked asked = peer.next(WRITE);
        assertThat(asked.offset()).isEqualTo(4096 + at);
        assertThat(asked.flags()).isEqualTo(Protocol.CMD_FLAG_FUA);
        System.arraycopy(asked.payload(), 0, arrived, at, (int) asked.length());
        assertThat(write.isDone()).isFalse();
        peer.answer(asked);
      }
      write.succeed();
      assertThat(arrived).isEqualTo(data);

      Call read = calls.read(0, 16384);
      Asked first = peer.next(READ);
      peer.answer(peer.next(READ)); // the other half, first
      peer.answer(first, Errno.EIO);
      read.fail(Errno.EIO);
    }
  }

  @Test
  void aServerWithoutZeroesGetsThemWritten() throws Exception {
    server.flags &= ~Protocol.TRANSMIT_SEND_WRITE_ZEROES;
    try (Connected connected = server.connect(OPTIONS)) {
      Call zero = new Calls(connected.device()).zero(512, 100_352, 0);
      Asked asked = connected.peer().next(WRITE);
      assertThat(asked.payload()).hasSize(100_352).containsOnly(0);
      connected.peer().answer(asked);
      zero.succeed();
      new Calls(connected.device()).zero(0, 512, Request.FAST_ZERO).fail(Errno.ENOTSUP);
    }
  }

  @Test
  void aServerWithoutTrimIsSparedIt() throws Exception {
    server.flags &= ~Protocol.TRANSMIT_SEND_TRIM;
    try (Connected connected = server.connect(OPTIONS)) {
      assertThat(connected.device().limits().canTrim()).isFalse();
      new Calls(connected.device()).trim(0, 4096).succeed();
    }
  }

  @Test
  void aServerWithoutForcedAccessIsFlushedInstead() throws Exception {
    server.flags &= ~Protocol.TRANSMIT_SEND_FUA;
    try (Connected connected = server.connect(OPTIONS)) {
      Peer peer = connected.peer();
      Call write = new Calls(connected.device()).write(0, new byte[512], Request.FUA);
      Asked asked = peer.next(WRITE);
      assertThat(asked.flags()).isZero();
      peer.answer(asked);
      Asked flush = peer.next(Protocol.CMD_FLUSH);
      assertThat(write.isDone()).isFalse();
      peer.answer(flush);
      write.succeed();
    }
  }

  @Test
  void flagsOfZeroesArePassedOn() throws Exception {
    try (Connected connected = server.connect(OPTIONS)) {
      Call zero = new Calls(connected.device()).zero(0, 512, Request.NO_HOLE | Request.FUA);
      Asked asked = connected.peer().next(Protocol.CMD_WRITE_ZEROES);
      assertThat(asked.flags()).isEqualTo(Protocol.CMD_FLAG_NO_HOLE | Protocol.CMD_FLAG_FUA);
      connected.peer().answer(asked);
      zero.succeed();
    }
  }

  @Test
  void errorsOfTheServerAreMapped() throws Exception {
    try (Connected connected = server.connect(OPTIONS)) {
      int[][] pairs = {{1, 1}, {5, 5}, {12, 12}, {22, 22}, {28, 28}, {75, 5}, {108, 108}, {-1, 5}};
      for (int[] pair : pairs) {
        Call call = new Calls(connected.device()).write(0, new byte[512]);
        connected.peer().answer(connected.peer().next(WRITE), pair[0]);
        call.fail(pair[1]);
      }
      assertThat(connected.device().state().connected()).isTrue();
    }
  }

  /** A server that answers anything at all ends its connection, and no more. */
  @Test
  void nonsenseEndsTheConnectionAndNothingElse() throws Exception {
    ClientOptions options = OPTIONS.withQuarantine(Duration.ZERO);
    try (Connected connected = server.connect(options)) {
      Calls calls = new Calls(connected.device());
      Peer peer = connected.peer();
      for (int kind = 0; kind < 4; kind++) {
        Call read = calls.read(0, 4096);
        Asked asked = peer.next(READ);
        ByteBuffer reply = ByteBuffer.allocate(16).putInt(Protocol.SIMPLE_REPLY_MAGIC).putInt(0);
        switch (kind) {
          case 0 -> reply.putLong(asked.cookie() + 1); // of a free slot
          case 1 -> reply.putLong(asked.cookie() + (1L << 32)); // of another use
          case 2 -> reply.putLong(-1);
          default -> reply.putInt(0, 0x668e33ef).putLong(asked.cookie()); // structured
        }
        peer.send(reply);
        peer.awaitEnd();
        peer.close();
        peer = server.accept();
        peer.answer(peer.next(READ));
        read.succeed();
      }
      peer.close();
    }
  }
}
