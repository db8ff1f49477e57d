package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.nbd.TransmissionTest.filled;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
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
      repeatBehind(old, again);
    }
  }

  /** Also on a connection that was there before, and has been asked for nothing. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void soDoesThatOfWhoHadConnectedBefore(boolean first) throws Exception {
    try (RawClient older = RawClient.ready(address)) {
      try (RawClient lost = RawClient.ready(address);
          RawClient newer = RawClient.ready(address)) {
        lost.send(RawClient.write(1, 0, filled(512, 1)));
        Request old = device.requests.take();
        lost.socket.close();
        awaitOneThatIs(ClientStatus.Phase.ENDING, server);
        repeatBehind(old, first ? older : newer);
      }
    }
  }

  /** It may take replies still, though it sends no more. */
  @Test
  void soDoesThatOfWhoHasSentAll() throws Exception {
    Request old = loseConnectionWith(RawClient.write(1, 0, filled(512, 1)));
    try (RawClient again = RawClient.ready(address)) {
      again.send(RawClient.write(2, 0, filled(512, 2)));
      again.socket.shutdownOutput();
      awaitOneThatIs(ClientStatus.Phase.WAITING, server);
      long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(100);
      while (System.nanoTime() < until) {
        assertThat(device.requests).isEmpty();
      }
      old.complete(Errno.OK);
      device.requests.take().complete(Errno.OK);
    }
  }

  private void repeatBehind(Request old, RawClient again) throws Exception {
    again.send(RawClient.write(2, 0, filled(512, 2)));
    awaitOneThatIs(ClientStatus.Phase.WAITING, server);
    assertThat(device.requests).isEmpty();
    old.complete(Errno.OK);
    Request repeated = device.requests.take();
    assertThat(repeated.operation).isEqualTo(Operation.WRITE);
    repeated.complete(Errno.OK);
    assertThat(again.reply()).isEqualTo(new RawClient.Reply(0, 2));
  }

  /** Two first requests at the same time: who is gone comes before who is there. */
  @ParameterizedTest
  @CsvSource({"true, 512", "true, 1048576", "false, 512", "false, 1048576"})
  void whatCameLastOnANewerConnectionDoesNotLandLater(boolean tcp, int bytes) throws Exception {
    byte[] old = filled(bytes, 1);
    byte[] newer = filled(512, 2);
    try (Served served = new Served()) {
      SocketAddress place = tcp ? served.listenTcp() : served.address;
      for (int i = 0; i < 100; i++) {
        try (RawClient again = RawClient.ready(place)) {
          try (RawClient lost = RawClient.ready(place)) {
            lost.send(RawClient.write(1, 0, old));
          }
          expectToStay(newer, again, served.server, i);
        }
      }
    }
  }

  /**
   * The same between connections that have been used before, and where the first request of the one
   * that is lost is what it sent last.
   */
  @ParameterizedTest
  @CsvSource({
    "true, true, 512", "true, true, 1048576", "true, false, 512", "true, false, 1048576",
    "false, true, 512", "false, true, 1048576", "false, false, 512", "false, false, 1048576"
  })
  void norOverWhatIsWrittenOnAConnectionInUse(boolean tcp, boolean lostInUse, int bytes)
      throws Exception {
    byte[] old = filled(bytes, 1);
    byte[] newer = filled(512, 2);
    try (Served served = new Served()) {
      SocketAddress place = tcp ? served.listenTcp() : served.address;
      try (RawClient used = RawClient.ready(place)) {
        assertThat(used.errorOf(RawClient.write(1, 1 << 20, newer))).isZero();
        for (int i = 0; i < 100; i++) {
          try (RawClient lost = RawClient.ready(place)) {
            if (lostInUse) {
              assertThat(lost.errorOf(RawClient.write(1, 1 << 21, newer))).isZero();
            }
            lost.send(RawClient.write(2, 0, old));
          }
          assertThat(used.errorOf(RawClient.write(3, 0, old))).isZero();
          expectToStay(newer, used, served.server, i);
        }
      }
    }
  }

  /** Written at 0, it is still there when nothing is left of any other connection. */
  private static void expectToStay(byte[] newer, RawClient client, NbdServer server, int round)
      throws IOException {
    assertThat(client.errorOf(RawClient.write(4, 0, newer))).isZero();
    while (server.connections() > 1 && !Thread.currentThread().isInterrupted()) {
      Thread.onSpinWait();
    }
    assertThat(client.readBack(0, newer.length)).as("round %d", round).isEqualTo(newer);
  }

  /** More than is worked on at once, and READs that wait for room: what is behind them counts. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2000})
  void norDoesAnyOfManyRequests(int count) throws Exception {
    byte[] old = filled(512, 1);
    byte[] newer = filled(512, 2);
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      stream.writeBytes(RawClient.write(i, 0, old));
      if (i % 20 == 0) {
        stream.writeBytes(RawClient.read(i, 0, 65536));
      }
    }
    try (Served served = new Served();
        RawClient used = served.client()) {
      for (int i = 0; i < 100; i++) {
        try (RawClient lost = served.client()) {
          lost.socket.setOption(StandardSocketOptions.SO_SNDBUF, 16 << 20);
          lost.send(stream.toByteArray());
        }
        assertThat(used.errorOf(RawClient.write(3, 0, old))).isZero();
        expectToStay(newer, used, served.server, i);
      }
    }
  }

  /** What a look at the client has read is worked on, though nothing comes behind it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatComesWhileAClientIsLookedAtIsAnswered(boolean tcp) throws Exception {
    try (Served served = new Served()) {
      SocketAddress place = tcp ? served.listenTcp() : served.address;
      try (RawClient one = RawClient.ready(place);
          RawClient other = RawClient.ready(place)) {
        for (int i = 0; i < 3000; i++) {
          assertThat(other.errorOf(RawClient.write(1, 0, filled(512, 1)))).isZero();
          one.send(RawClient.write(2, 0, filled(512, 2)));
          one.send(RawClient.write(3, 0, filled(512, 2)));
          assertThat(List.of(one.reply().error(), one.reply().error())).containsOnly(Errno.OK);
        }
        one.send(RawClient.write(2, 0, filled(512, 2)));
        one.send(RawClient.write(3, 0, filled(512, 2)), RawClient.disconnect());
        one.socket.shutdownOutput();
        assertThat(List.of(one.reply().error(), one.reply().error())).containsOnly(Errno.OK);
      }
    }
  }

  /** Neither of two whose first requests come at the same time waits for the other. */
  @Test
  void newcomersDoNotWaitForEachOther() throws Exception {
    try (Served served = new Served()) {
      List<RawClient> clients = new ArrayList<>();
      try {
        for (int i = 0; i < 16; i++) {
          clients.add(served.client());
        }
        for (RawClient client : clients) {
          client.send(RawClient.write(1, 0, filled(512, 1)));
        }
        for (RawClient client : clients) {
          assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 1));
        }
      } finally {
        for (RawClient client : clients) {
          client.close();
        }
      }
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
      again.send(RawClient.write(2, 0, filled(512, 2)));
      again.expectEnd();
    }
    assertThat(device.requests).isEmpty();
    old.complete(Errno.OK);
  }

  /** It was closed in good order, and nobody has looked yet at what it had sent last. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theFirstRequestWaitsForWhatIsNotReadYet(boolean tcp) throws Exception {
    SlowSubmitDevice slow = new SlowSubmitDevice();
    try (Served served = new Served(slow, new Export("disk", "", false), ServerOptions.DEFAULTS)) {
      SocketAddress place = tcp ? served.listenTcp() : served.address;
      try (RawClient client = RawClient.ready(place)) {
        client.send(RawClient.write(1, 0, filled(512, 1)));
        slow.begun.await();
        client.send(RawClient.request(0, Protocol.CMD_TRIM, 2, 0, 512));
      }
      try (RawClient again = RawClient.ready(place)) {
        again.send(RawClient.flush(3));
        awaitOneThatIs(ClientStatus.Phase.WAITING, served.server);
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(100);
        while (System.nanoTime() < until) {
          assertThat(served.server.clients())
              .anyMatch(client -> client.phase() == ClientStatus.Phase.WAITING);
        }
        slow.mayGoOn.countDown();
        assertThat(again.reply()).isEqualTo(new RawClient.Reply(0, 3));
        while (served.server.connections() > 1) {
          Thread.onSpinWait();
        }
      } finally {
        slow.mayGoOn.countDown();
      }
      // Whether the server still got to read the TRIM is up to it.
      assertThat(slow.operations).startsWith(Operation.WRITE).endsWith(Operation.FLUSH);
    }
  }

  @Test
  void whoIsThereHoldsUpNobody() throws Exception {
    try (RawClient inHandshake = new RawClient(address);
        RawClient silent = RawClient.ready(address);
        RawClient waiting = RawClient.ready(address)) {
      waiting.send(RawClient.write(1, 0, filled(512, 1)));
      Request never = device.requests.take();
      try (RawClient newcomer = RawClient.ready(address)) {
        newcomer.send(RawClient.flush(2));
        device.requests.take().complete(Errno.OK);
        assertThat(newcomer.reply()).isEqualTo(new RawClient.Reply(0, 2));
      }
      never.complete(Errno.OK);
      assertThat(waiting.reply()).isEqualTo(new RawClient.Reply(0, 1));
      assertThat(inHandshake.socket.isOpen() && silent.socket.isOpen()).isTrue();
    }
  }

  /** Nothing is read of who takes no replies; but writing to one that has gone would fail. */
  @ParameterizedTest
  @ValueSource(ints = {1, 16})
  void whoTakesNothingHoldsUpNobodyForLong(int clients) throws Exception {
    List<RawClient> stalled = new ArrayList<>();
    try (Served served = new Served()) {
      try {
        for (int i = 0; i < clients; i++) {
          stalled.add(served.client());
        }
        for (RawClient client : stalled) {
          client.socket.configureBlocking(false);
        }
        sendUntilNothingMoves(served.server, stalled, RawClient.read(1, 0, 4096));
        try (RawClient newcomer = served.client()) {
          assertThat(newcomer.errorOf(RawClient.flush(2))).isZero();
        }
      } finally {
        for (RawClient client : stalled) {
          client.close();
        }
      }
    }
  }

  /** Its long writes wait for the device; who submits them must not wait for the client. */
  @Test
  void whoTakesNothingHoldsUpNoWriteToTheSamePlace() throws Exception {
    int length = 1 << 20;
    SlowSubmitDevice slow = new SlowSubmitDevice();
    try (Served served = new Served(slow, new Export("disk", "", false), ServerOptions.DEFAULTS);
        RawClient one = served.client();
        RawClient other = served.client();
        RawClient stalled = served.client()) {
      stalled.send(RawClient.write(1, 0, filled(length, 1)));
      slow.begun.await();
      for (int i = 0; i < 8; i++) {
        stalled.send(RawClient.read(2, 0, length)); // more than the socket takes
      }
      slow.mayGoOn.countDown();
      stalled.socket.configureBlocking(false);
      sendUntilNothingMoves(
          served.server, List.of(stalled), RawClient.write(3, 0, filled(length, 1)));
      for (int i = 0; i < 10; i++) {
        assertThat(one.errorOf(RawClient.write(4, 0, filled(512, 1)))).isZero();
        assertThat(other.errorOf(RawClient.write(5, 0, filled(512, 2)))).isZero();
      }
    }
  }

  /** The same request on all of them, until the server takes no more of any. */
  private static void sendUntilNothingMoves(
      NbdServer server, List<RawClient> clients, byte[] request) throws IOException {
    List<ByteBuffer> left = clients.stream().map(unused -> ByteBuffer.wrap(request)).toList();
    List<ClientStatus> before = List.of();
    int unchanged = 0;
    while (unchanged < 1000) {
      int sent = 0;
      for (int i = 0; i < clients.size(); i++) {
        sent += clients.get(i).socket.write(left.get(i));
        if (!left.get(i).hasRemaining()) {
          left.get(i).rewind();
        }
      }
      List<ClientStatus> after = server.clients();
      unchanged = sent == 0 && after.equals(before) ? unchanged + 1 : 0;
      before = after;
    }
  }

  private Request loseConnectionWith(byte[] request) throws Exception {
    Request submitted;
    try (RawClient client = RawClient.ready(address)) {
      client.send(request);
      submitted = device.requests.take();
    }
    awaitOneThatIs(ClientStatus.Phase.ENDING, server);
    return submitted;
  }

  private static void awaitOneThatIs(ClientStatus.Phase phase, NbdServer server) {
    while (server.clients().stream().noneMatch(client -> client.phase() == phase)) {
      Thread.onSpinWait();
    }
  }
}
