package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.KnownZeroes;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.nbd.Calls.Call;
import writeboost.nbd.ScriptedServer.Asked;
import writeboost.nbd.ScriptedServer.Connected;
import writeboost.nbd.ScriptedServer.Peer;

/** The client and a server that has structured replies, word by word. */
@Timeout(60)
class ChunkedAnswersTest {

  private static final int CONTEXT = 0x8000_0007;

  private ScriptedServer server;
  private Connected connected;
  private NbdDevice device;
  private Calls calls;
  private Peer peer;

  @BeforeEach
  void open() throws Exception {
    server = new ScriptedServer();
    server.structured = true;
    server.context = CONTEXT & 0xffff_ffffL;
    server.flags |= Protocol.TRANSMIT_SEND_CACHE | Protocol.TRANSMIT_SEND_FAST_ZERO;
    connect();
  }

  private void connect() throws Exception {
    connected = server.connect(ClientOptions.DEFAULTS.withQuarantine(Duration.ZERO));
    device = connected.device();
    calls = new Calls(device);
    peer = connected.peer();
  }

  @AfterEach
  void close() throws Exception {
    peer.close();
    connected.close();
    server.close();
  }

  private void data(Asked asked, long offset, int length, int value, boolean last)
      throws Exception {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    ByteBuffer data = ByteBuffer.allocate(8 + length).putLong(offset).put(bytes);
    peer.chunk(asked, Protocol.CHUNK_OFFSET_DATA, last, data);
  }

  private void hole(Asked asked, long offset, int length, boolean last) throws Exception {
    ByteBuffer data = ByteBuffer.allocate(12).putLong(offset).putInt(length);
    peer.chunk(asked, Protocol.CHUNK_OFFSET_HOLE, last, data);
  }

  private void end(Asked asked) throws Exception {
    peer.chunk(asked, Protocol.CHUNK_NONE, true, ByteBuffer.allocate(0));
  }

  private static ByteBuffer error(int error, String message, int more) {
    byte[] text = message.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(6 + text.length + more);
    return data.putInt(error).putShort((short) text.length).put(text);
  }

  @Test
  void aReadIsPutTogetherInAnyOrder() throws Exception {
    Call read = calls.read(4096, 4096);
    Call other = calls.read(0, 512);
    Asked asked = peer.next(Protocol.CMD_READ);
    Asked short512 = peer.next(Protocol.CMD_READ);
    data(asked, 4096 + 3000, 1096, 3, false);
    hole(asked, 4096 + 1, 1999, false);
    data(short512, 0, 512, 9, true);
    other.succeed();
    data(asked, 4096, 1, 1, false);
    data(asked, 4096 + 2000, 1000, 2, false);
    assertThat(read.isDone()).isFalse();
    end(asked);
    byte[] expected = new byte[4096];
    expected[0] = 1;
    Arrays.fill(expected, 2000, 3000, (byte) 2);
    Arrays.fill(expected, 3000, 4096, (byte) 3);
    assertThat(read.succeed().data()).isEqualTo(expected);
    assertThat(other.data()).containsOnly(9);
  }

  @Test
  void holesAreNotedUntilTheReadHasToBeSentAgain() throws Exception {
    KnownZeroes known = new KnownZeroes(4);
    CompletableFuture<Integer> answer = new CompletableFuture<>();
    Request request = new Request(answered -> answer.complete(answered.error));
    request.set(Operation.READ, 0, 8192, 4096, Arena.ofAuto().allocate(4096), 0);
    request.zeroes = known;
    device.submit(new Request[] {request}, 1);
    hole(peer.next(Protocol.CMD_READ), 8192, 2048, false);
    peer.close();
    peer = server.accept();
    Asked again = peer.next(Protocol.CMD_READ);
    data(again, 8192, 3072, 1, false);
    hole(again, 8192 + 3072, 1024, true);
    assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo(Errno.OK);
    assertThat(known.count()).isEqualTo(1);
    assertThat(known.start(0)).isEqualTo(8192 + 3072);
    assertThat(known.end(0)).isEqualTo(8192 + 4096);
  }

  private interface Reply {
    void to(Asked asked) throws Exception;
  }

  /** The connection ends, and the READ is sent again on the next. */
  private void breach(String what, Reply reply) throws Exception {
    Call read = calls.read(4096, 1024);
    reply.to(peer.next(Protocol.CMD_READ));
    peer.awaitEnd();
    peer.close();
    assertThat(read.isDone()).as(what).isFalse();
    peer = server.accept();
    Asked again = peer.next(Protocol.CMD_READ);
    data(again, 4096, 1024, 5, true);
    assertThat(read.succeed().data()).as(what).containsOnly(5);
  }

  @Test
  void whatDoesNotFitTheReadEndsTheConnection() throws Exception {
    breach("nothing", asked -> end(asked));
    breach("a gap", asked -> data(asked, 4096, 1023, 1, true));
    breach("before", asked -> data(asked, 4095, 1024, 1, true));
    breach("behind", asked -> data(asked, 4097, 1024, 1, true));
    breach("far away", asked -> hole(asked, Long.MIN_VALUE, -1, true));
    breach("a hole of nothing", asked -> hole(asked, 4096, 0, true));
    breach("no data", asked -> data(asked, 4096, 0, 1, true));
    breach("a simple reply", asked -> peer.answer(asked));
    breach(
        "twice",
        asked -> {
          data(asked, 4096, 1024, 1, false);
          data(asked, 4100, 1, 1, true);
        });
    breach(
        "an unknown type", asked -> peer.chunk(asked, 17, true, ByteBuffer.allocate(4).putInt(0)));
    breach(
        "an error that is none",
        asked -> peer.chunk(asked, Protocol.CHUNK_ERROR, true, error(0, "", 0)));
    breach(
        "an error elsewhere",
        asked ->
            peer.chunk(asked, Protocol.CHUNK_ERROR_OFFSET, true, error(5, "", 8).putLong(5120)));
    breach(
        "a status", asked -> peer.chunk(asked, Protocol.CHUNK_BLOCK_STATUS, true, status(1024, 0)));
  }

  @Test
  void dataForAWriteEndsTheConnection() throws Exception {
    Call write = calls.write(0, new byte[512]);
    data(peer.next(Protocol.CMD_WRITE), 0, 512, 1, true);
    peer.awaitEnd();
    write.fail(Errno.ENOTCONN);
    peer.close();
    peer = server.accept();
  }

  @Test
  void errorsComeInChunks() throws Exception {
    Call read = calls.read(0, 1024);
    Asked asked = peer.next(Protocol.CMD_READ);
    data(asked, 0, 512, 1, false);
    peer.chunk(asked, Protocol.CHUNK_ERROR_OFFSET, false, error(5, "bad\nsector", 8).putLong(512));
    assertThat(read.isDone()).isFalse();
    end(asked);
    read.fail(Errno.EIO);

    Call write = calls.write(0, new byte[512]);
    Asked full = peer.next(Protocol.CMD_WRITE);
    peer.chunk(full, Protocol.CHUNK_ERROR, true, error(Errno.ENOSPC, "full", 0));
    write.fail(Errno.ENOSPC);

    Call flush = calls.flush();
    end(peer.next(Protocol.CMD_FLUSH));
    flush.succeed();

    Call strange = calls.read(0, 512);
    ByteBuffer unknown = error(75, "", 3).put(new byte[3]);
    peer.chunk(peer.next(Protocol.CMD_READ), 0xffff, true, unknown);
    strange.fail(Errno.EIO);
    assertThat(device.state().connected()).isTrue();
  }

  // what is asked beside

  private static ByteBuffer status(int... lengthsAndStates) {
    ByteBuffer data = ByteBuffer.allocate(4 + 4 * lengthsAndStates.length).putInt(CONTEXT);
    for (int each : lengthsAndStates) {
      data.putInt(each);
    }
    return data;
  }

  private CompletableFuture<Extents> describe(long offset, long length, int most) {
    CompletableFuture<Extents> answer = new CompletableFuture<>();
    device.describe(new Extents(most, answer::complete).ask(offset, length, most));
    return answer;
  }

  private static void assertIs(CompletableFuture<Extents> answer, long... lengthsAndStates)
      throws Exception {
    Extents extents = answer.get(30, TimeUnit.SECONDS);
    assertThat(extents.error).isEqualTo(Errno.OK);
    long[] is = new long[2 * extents.count()];
    for (int i = 0; i < extents.count(); i++) {
      is[2 * i] = extents.length(i);
      is[2 * i + 1] = extents.state(i);
    }
    assertThat(is).isEqualTo(lengthsAndStates);
  }

  @Test
  void theServerIsAskedForHoles() throws Exception {
    CompletableFuture<Extents> whole = describe(4096, 8192, 10);
    Asked asked = peer.next(Protocol.CMD_BLOCK_STATUS);
    assertThat(asked.offset()).isEqualTo(4096);
    assertThat(asked.length()).isEqualTo(8192);
    peer.chunk(asked, Protocol.CHUNK_BLOCK_STATUS, true, status(4096, 3, 100, 0, 99999, 6));
    assertIs(whole, 4096, 3, 100, 0, 3996, 2); // no further than asked; bits that are known

    CompletableFuture<Extents> one = describe(512, 1024, 1);
    Asked askedOne = peer.next(Protocol.CMD_BLOCK_STATUS);
    assertThat(askedOne.flags()).isEqualTo(Protocol.CMD_FLAG_REQ_ONE);
    peer.chunk(askedOne, Protocol.CHUNK_BLOCK_STATUS, true, status(512, 2));
    assertIs(one, 512, 2);

    CompletableFuture<Extents> within = describe(4000, 200, 10);
    Asked blocks = peer.next(Protocol.CMD_BLOCK_STATUS);
    assertThat(blocks.flags()).isZero();
    assertThat(blocks.offset()).isEqualTo(3584);
    assertThat(blocks.length()).isEqualTo(1024);
    peer.chunk(blocks, Protocol.CHUNK_BLOCK_STATUS, false, status(300, 1, 200, 3, 524, 2));
    end(blocks);
    assertIs(within, 84, 3, 116, 2);
  }

  @Test
  void whereNothingIsKnownAllIsData() throws Exception {
    CompletableFuture<Extents> failed = describe(0, 8192, 10);
    Asked asked = peer.next(Protocol.CMD_BLOCK_STATUS);
    peer.chunk(asked, Protocol.CHUNK_BLOCK_STATUS, false, status(4096, 3));
    peer.chunk(asked, Protocol.CHUNK_ERROR, true, error(5, "no", 0));
    assertIs(failed, 8192, 0);

    CompletableFuture<Extents> lost = describe(0, 8192, 10);
    peer.next(Protocol.CMD_BLOCK_STATUS);
    server.context = -1;
    peer.close();
    assertIs(lost, 8192, 0);
    peer = server.accept();
    Calls.await("connected", () -> device.state().connected());
    assertIs(describe(0, 8192, 10), 8192, 0); // this one cannot be asked
    device.close();
    assertThat(describe(0, 512, 1).get().error).isIn(Errno.ESHUTDOWN);
  }

  @Test
  void anotherContextOrNoExtentEndsTheConnection() throws Exception {
    for (ByteBuffer status :
        new ByteBuffer[] {
          status(4096, 0).putInt(0, 1),
          status(),
          status(0, 0),
          status(4096, 0, 1, 0),
          ByteBuffer.allocate(6).putInt(CONTEXT).putShort((short) 0)
        }) {
      CompletableFuture<Extents> answer = describe(0, 4096, 10);
      peer.chunk(peer.next(Protocol.CMD_BLOCK_STATUS), Protocol.CHUNK_BLOCK_STATUS, false, status);
      peer.awaitEnd();
      assertIs(answer, 4096, 0);
      peer.close();
      peer = server.accept();
      Calls.await("connected", () -> device.state().connected());
    }
  }

  @Test
  void hintsArePassedOnAndNeverInTheWay() throws Exception {
    device.prefetch(1000, 100);
    Asked hint = peer.next(Protocol.CMD_CACHE);
    assertThat(hint.offset()).isEqualTo(512);
    assertThat(hint.length()).isEqualTo(1024);
    peer.answer(hint, Errno.EIO); // nobody minds
    Call behind = calls.flush();
    peer.answer(peer.next(Protocol.CMD_FLUSH));
    behind.succeed();
    for (int i = 0; i < 100; i++) {
      device.prefetch(0, 4096);
    }
    Call read = calls.read(0, 512);
    int hints = 0;
    Asked next = peer.next();
    while (next.command() == Protocol.CMD_CACHE) {
      hints++;
      next = peer.next();
    }
    assertThat(hints).isEqualTo(8);
    data(next, 0, 512, 1, true);
    read.succeed();
  }

  @Test
  void zeroesThatHaveToBeFastAreAskedFor() throws Exception {
    assertThat(device.canZeroFast()).isTrue();
    assertThat(device.rotational()).isFalse();
    Call zero = calls.zero(0, 4096, Request.FAST_ZERO);
    Asked asked = peer.next(Protocol.CMD_WRITE_ZEROES);
    assertThat(asked.flags()).isEqualTo(Protocol.CMD_FLAG_FAST_ZERO);
    peer.answer(asked, Errno.ENOTSUP);
    zero.fail(Errno.ENOTSUP);
  }

  @Test
  void aDiskThatTurnsIsKnown() throws Exception {
    connected.close();
    server.flags |= Protocol.TRANSMIT_ROTATIONAL;
    connect();
    assertThat(device.rotational()).isTrue();
  }
}
