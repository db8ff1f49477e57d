package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.time.Duration;
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

/** What a lost connection means, in every order of events that matters. */
@Timeout(60)
class LostConnectionTest {

  private static final byte[] BLOCK = new byte[4096];
  private static final int WRITE = Protocol.CMD_WRITE;
  private static final int FLUSH = Protocol.CMD_FLUSH;
  private static final int READ = Protocol.CMD_READ;

  private ScriptedServer server;
  private Connected connected;
  private NbdDevice device;
  private Calls calls;
  private Peer peer;

  @BeforeEach
  void open() throws Exception {
    server = new ScriptedServer();
    connect(ClientOptions.DEFAULTS);
  }

  private void connect(ClientOptions options) throws Exception {
    connected = server.connect(options);
    device = connected.device();
    calls = new Calls(device);
    peer = connected.peer();
  }

  private void reconnect(ClientOptions options) throws Exception {
    connected.close();
    connect(options);
  }

  @AfterEach
  void close() throws Exception {
    peer.close();
    connected.close();
    server.close();
  }

  private void acknowledge(Call call, int command) throws Exception {
    peer.answer(peer.next(command));
    call.succeed();
  }

  private void loseConnection() throws Exception {
    peer.close();
    peer = server.accept();
    Calls.await("connected", () -> device.state().connected());
  }

  /** The server is gone; {@link #comeBack} brings it back. */
  private void goAway() throws Exception {
    server.shut();
    peer.close();
    Calls.await("disconnected", () -> !device.state().connected());
  }

  private void comeBack() throws Exception {
    server.open();
    peer = server.accept();
    Calls.await("connected", () -> device.state().connected());
  }

  // a lost connection is a failed flush

  @Test
  void theNextFlushFailsOnceIfAChangeWasNotFlushed() throws Exception {
    acknowledge(calls.write(0, BLOCK), WRITE);
    loseConnection();
    calls.flush().fail(Errno.ENOTCONN); // the server is not asked
    acknowledge(calls.flush(), FLUSH);
  }

  @Test
  void zeroesAndTrimsCountAsWrites() throws Exception {
    acknowledge(calls.zero(0, 4096, 0), Protocol.CMD_WRITE_ZEROES);
    loseConnection();
    calls.flush().fail(Errno.ENOTCONN);
    acknowledge(calls.trim(0, 4096), Protocol.CMD_TRIM);
    loseConnection();
    calls.flush().fail(Errno.ENOTCONN);
  }

  @Test
  void aSecondLossDoesNotHideTheFirst() throws Exception {
    acknowledge(calls.write(0, BLOCK), WRITE);
    loseConnection();
    loseConnection();
    calls.flush().fail(Errno.ENOTCONN);
  }

  @Test
  void nothingFailsIfAllWasFlushed() throws Exception {
    acknowledge(calls.write(0, BLOCK), WRITE);
    acknowledge(calls.flush(), FLUSH);
    acknowledge(calls.write(0, BLOCK, Request.FUA), WRITE);
    acknowledge(calls.read(0, 4096), READ);
    loseConnection();
    acknowledge(calls.flush(), FLUSH);
  }

  @Test
  void aWriteThatWasAcknowledgedWhileTheFlushWasInFlightIsNotCovered() throws Exception {
    Call flush = calls.flush();
    Asked flushing = peer.next(FLUSH);
    acknowledge(calls.write(0, BLOCK), WRITE);
    peer.answer(flushing);
    flush.succeed();
    loseConnection();
    calls.flush().fail(Errno.ENOTCONN);
  }

  @Test
  void aFlushInFlightIsTheOneThatFails() throws Exception {
    acknowledge(calls.write(0, BLOCK), WRITE);
    Call flush = calls.flush();
    peer.next(FLUSH);
    loseConnection();
    flush.fail(Errno.ENOTCONN);
    acknowledge(calls.write(0, BLOCK), WRITE); // again
    acknowledge(calls.flush(), FLUSH);
  }

  @Test
  void aWriteOnTheNewConnectionDoesNotSaveTheFlush() throws Exception {
    acknowledge(calls.write(0, BLOCK), WRITE);
    loseConnection();
    acknowledge(calls.write(4096, BLOCK), WRITE);
    calls.flush().fail(Errno.ENOTCONN);
    acknowledge(calls.flush(), FLUSH);
  }

  @Test
  void aFlushWithoutAConnectionHasToldIt() throws Exception {
    acknowledge(calls.write(0, BLOCK), WRITE);
    goAway();
    calls.flush().fail(Errno.ENOTCONN);
    comeBack();
    acknowledge(calls.flush(), FLUSH);
  }

  @Test
  void aWriteWithForcedAccessDoesNotTellIt() throws Exception {
    server.flags &= ~Protocol.TRANSMIT_SEND_FUA;
    reconnect(ClientOptions.DEFAULTS);
    acknowledge(calls.write(0, BLOCK), WRITE);
    Call forced = calls.write(4096, BLOCK, Request.FUA);
    peer.answer(peer.next(WRITE));
    peer.next(FLUSH);
    loseConnection();
    forced.fail(Errno.ENOTCONN);
    calls.flush().fail(Errno.ENOTCONN);
  }

  @Test
  void aServerWithoutFlushLosesWhatWasAcknowledgedSinceTheLastOne() throws Exception {
    server.flags &= ~(Protocol.TRANSMIT_SEND_FLUSH | Protocol.TRANSMIT_SEND_FUA);
    reconnect(ClientOptions.DEFAULTS.withNoFlush(true));
    acknowledge(calls.write(0, BLOCK), WRITE);
    calls.flush().succeed(); // the server is not asked
    loseConnection();
    calls.flush().succeed();
    acknowledge(calls.write(0, BLOCK, Request.FUA), WRITE);
    loseConnection();
    calls.flush().fail(Errno.ENOTCONN);
    calls.flush().succeed();
  }

  // in flight, and without a connection

  @Test
  void changesInFlightFailAndReadsAreSentAgain() throws Exception {
    Call read = calls.read(8192, 4096);
    peer.next(READ);
    Call write = calls.write(0, BLOCK);
    Call zero = calls.zero(0, 4096, 0);
    Call trim = calls.trim(0, 4096);
    Call flush = calls.flush();
    for (int i = 0; i < 4; i++) {
      peer.next();
    }
    loseConnection();
    for (Call change : new Call[] {write, zero, trim, flush}) {
      change.fail(Errno.ENOTCONN);
    }
    Asked again = peer.next(READ);
    assertThat(again.offset()).isEqualTo(8192);
    byte[] data = new byte[4096];
    data[17] = 17;
    peer.answer(again, 0, data);
    assertThat(read.succeed().data()).isEqualTo(data);
  }

  @Test
  void withoutAConnectionChangesFailAndReadsWait() throws Exception {
    goAway();
    Call read = calls.read(0, 4096);
    calls.write(0, BLOCK).fail(Errno.ENOTCONN);
    calls.zero(0, 4096, 0).fail(Errno.ENOTCONN);
    calls.trim(0, 4096).fail(Errno.ENOTCONN);
    calls.flush().fail(Errno.ENOTCONN);
    assertThat(Errno.isBadPlace(Errno.ENOTCONN)).isFalse();
    assertThat(read.isDone()).isFalse();
    comeBack();
    acknowledge(read, READ);
  }

  @Test
  void readsFailWhenThereIsNoConnectionForTooLong() throws Exception {
    reconnect(ClientOptions.DEFAULTS.withReadTimeout(Duration.ofMillis(20)));
    Call read = calls.read(0, 4096);
    peer.next(READ);
    goAway();
    read.fail(Errno.EIO);
    calls.read(0, 4096).fail(Errno.EIO);
    comeBack();
    acknowledge(calls.read(0, 4096), READ);
  }

  @Test
  void aReadThatWaitsCanBeCancelled() throws Exception {
    goAway();
    Call read = calls.read(0, 4096);
    Call other = calls.read(4096, 4096);
    device.cancel(read.request);
    read.fail(Errno.ECANCELED);
    device.cancel(read.request); // too late is harmless
    comeBack();
    acknowledge(other, READ);
  }

  @Test
  void aReadThatWaitsIsAnsweredWhenTheDeviceIsClosed() throws Exception {
    goAway();
    Call read = calls.read(0, 4096);
    device.close();
    read.fail(Errno.ESHUTDOWN);
  }

  // silence

  @Test
  void aServerThatIsSilentIsWaitedFor() throws Exception {
    reconnect(
        ClientOptions.DEFAULTS
            .withConnectTimeout(Duration.ofMillis(200))
            .withReadTimeout(Duration.ofMillis(1))
            .withQuarantine(Duration.ofMillis(1)));
    Call write = calls.write(0, BLOCK);
    Asked asked = peer.next(WRITE);
    Call read = calls.read(0, 4096);
    Asked reading = peer.next(READ);
    // Another device, with the same limits, gives the silent server up while connecting to it.
    NbdAddress uri = server.uri();
    ClientOptions impatient = ClientOptions.DEFAULTS.withConnectTimeout(Duration.ofMillis(400));
    assertThatThrownBy(() -> NbdDevice.connect(uri, impatient))
        .hasMessageContaining("does not answer");
    assertThat(write.isDone()).isFalse();
    assertThat(read.isDone()).isFalse();
    assertThat(device.state().connected()).isTrue();
    peer.answer(asked);
    peer.answer(reading);
    write.succeed();
    read.succeed();
  }

  // a stale write

  private void breakTheProtocol() throws Exception {
    peer.send(ByteBuffer.allocate(16).putLong(0).putLong(0));
    peer.awaitEnd();
    peer.close();
    peer = server.accept();
    Calls.await("connected", () -> device.state().connected());
  }

  @Test
  void afterAnEndThatIsNotTheServersNoChangesAreTakenForAWhile() throws Exception {
    reconnect(ClientOptions.DEFAULTS.withQuarantine(Duration.ofHours(1)));
    Call stale = calls.write(0, BLOCK);
    peer.next(WRITE); // and the server goes on to carry it out, whatever becomes of us
    breakTheProtocol();
    stale.fail(Errno.ENOTCONN);
    calls.write(0, BLOCK).fail(Errno.ENOTCONN);
    calls.zero(0, 4096, 0).fail(Errno.ENOTCONN);
    calls.flush().fail(Errno.ENOTCONN);
    assertThat(device.state().trouble()).contains("takes no writes for another");
    acknowledge(calls.read(0, 4096), READ);
    loseConnection(); // that does not end it
    calls.write(0, BLOCK).fail(Errno.ENOTCONN);
  }

  @Test
  void thatWhileEnds() throws Exception {
    reconnect(ClientOptions.DEFAULTS.withQuarantine(Duration.ofMillis(1)));
    Call stale = calls.write(0, BLOCK);
    peer.next(WRITE);
    breakTheProtocol();
    stale.fail(Errno.ENOTCONN);
    Calls.await("taking changes", () -> device.state().trouble().isEmpty());
    acknowledge(calls.write(0, BLOCK), WRITE);
  }

  @Test
  void noneIsNeededIfNoChangeWasInFlight() throws Exception {
    reconnect(ClientOptions.DEFAULTS.withQuarantine(Duration.ofHours(1)));
    breakTheProtocol();
    acknowledge(calls.write(0, BLOCK), WRITE);
  }

  @Test
  void noneIsNeededIfTheServerEndedTheConnection() throws Exception {
    reconnect(ClientOptions.DEFAULTS.withQuarantine(Duration.ofHours(1)));
    Call write = calls.write(0, BLOCK);
    peer.next(WRITE);
    loseConnection();
    write.fail(Errno.ENOTCONN);
    acknowledge(calls.write(0, BLOCK), WRITE);
  }

  // the same export?

  @Test
  void aServerThatHasChangedIsNotTaken() throws Exception {
    goAway();
    server.open();
    server.size *= 2;
    try (Peer refused = server.accept()) {
      refused.awaitEnd();
      String why = "has 2097152 bytes now, and had 1048576";
      Calls.await(why, () -> device.state().trouble().contains(why));
      assertThat(device.state().connected()).isFalse();
      calls.write(0, BLOCK).fail(Errno.ENOTCONN);
    }
    server.size /= 2;
    peer = server.accept();
    Calls.await("connected", () -> device.state().connected());
    acknowledge(calls.write(0, BLOCK), WRITE);
  }
}
