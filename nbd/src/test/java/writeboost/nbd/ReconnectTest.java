package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.nbd.TransmissionTest.filled;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * A client that loses its connection repeats what was not answered, on a new one: what the device
 * still does for the old one must not undo what is written on the new one.
 */
@Timeout(30)
class ReconnectTest {

  private final StuckDevice device = new StuckDevice();
  private NbdServer server;
  private SocketAddress address;

  @BeforeEach
  void serve() throws IOException {
    begin(ServerOptions.DEFAULTS);
  }

  private void begin(ServerOptions options) throws IOException {
    server = NbdServer.start(device, new Export("disk", "", false), options);
    address = server.listen(new InetSocketAddress("localhost", 0)).getLocalAddress();
  }

  @AfterEach
  void close() {
    device.requests.forEach(request -> request.complete(Errno.OK));
    server.close(Duration.ofSeconds(10));
  }

  @Test
  void theFirstRequestWaitsForTheWritesOfEndedConnections() throws Exception {
    Request old = loseConnectionWith(RawClient.write(1, 0, filled(512, 1)));
    try (RawClient again = RawClient.ready(address)) {
      again.send(RawClient.write(2, 0, filled(512, 2)));
      assertThat(device.requests).isEmpty();
      assertThat(server.clients().getLast().phase()).isEqualTo(ClientStatus.Phase.HANDSHAKE);
      old.complete(Errno.OK);
      Request repeated = device.requests.take();
      assertThat(repeated.operation).isEqualTo(Operation.WRITE);
      repeated.complete(Errno.OK);
      assertThat(again.reply()).isEqualTo(new RawClient.Reply(0, 2));
    }
  }

  @Test
  void readsOfEndedConnectionsHoldUpNobody() throws Exception {
    Request old = loseConnectionWith(RawClient.read(1, 0, 512));
    try (RawClient again = RawClient.ready(address)) {
      again.send(RawClient.flush(2));
      Request flush = device.requests.take();
      flush.complete(Errno.OK);
      assertThat(again.reply()).isEqualTo(new RawClient.Reply(0, 2));
    }
    old.complete(Errno.OK);
  }

  @Test
  void whoHasToWaitTooLongIsTurnedAway() throws Exception {
    server.close();
    begin(ServerOptions.DEFAULTS.withHandshakeTimeout(Duration.ofMillis(200)));
    Request old = loseConnectionWith(RawClient.write(1, 0, filled(512, 1)));
    try (RawClient again = RawClient.ready(address)) {
      again.expectEnd();
    }
    assertThat(device.requests).isEmpty();
    old.complete(Errno.OK);
  }

  private Request loseConnectionWith(byte[] request) throws Exception {
    Request submitted;
    try (RawClient client = RawClient.ready(address)) {
      client.send(request);
      submitted = device.requests.take();
    }
    while (server.clients().getFirst().phase() != ClientStatus.Phase.ENDING) {
      Thread.onSpinWait();
    }
    return submitted;
  }
}
