package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static writeboost.nbd.TransmissionTest.filled;
import static writeboost.nbd.TransmissionTest.join;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Errno;
import writeboost.device.Operation;

/** What happens while a device takes its time. */
@Timeout(30)
class InFlightTest {

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
  void repliesMayComeInAnyOrder() throws Exception {
    served.device.hold();
    client.send(
        join(
            RawClient.write(1, 0, filled(4096, 1)),
            RawClient.read(2, 8192, 4096),
            RawClient.read(3, 8192, 1 << 20)));
    served.device.awaitHeld(3);
    served.device.letGo(2);
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 3));
    client.payload(1 << 20);
    served.device.letGo(0);
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 1));
    served.device.letGo(0);
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 2));
    client.payload(4096);
  }

  @Test
  void aHeldPayloadStaysWhatItWas() throws Exception {
    served.device.hold();
    int count = 300; // of 4 KiB: more than one slab
    for (int i = 0; i < count; i++) {
      client.send(RawClient.write(i, 4096L * i, filled(4096, i)));
    }
    served.device.awaitHeld(count);
    served.device.letGo();
    for (int i = 0; i < count; i++) {
      assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, i));
    }
    for (int i = 0; i < count; i++) {
      assertThat(client.readBack(4096L * i, 4096)).isEqualTo(filled(4096, i));
    }
  }

  @Test
  void othersGoOnWhileOneWaits() throws Exception {
    served.device.hold();
    client.send(RawClient.flush(1));
    served.device.awaitHeld(1);
    try (RawClient other = served.client()) {
      other.send(RawClient.read(2, 0, 512));
      served.device.awaitHeld(2);
      served.device.letGo(1);
      assertThat(other.reply()).isEqualTo(new RawClient.Reply(0, 2));
      other.payload(512);
    }
    served.device.letGo();
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 1));
  }

  /** The test's thread is the device's here: it must come through while nobody reads replies. */
  @Test
  void aSlowClientDoesNotHoldUpTheDevice() throws Exception {
    served.device.hold();
    int count = 48;
    for (int i = 0; i < count; i++) {
      client.send(RawClient.read(i, 0, 1 << 20));
    }
    served.device.awaitHeld(count);
    served.device.letGo();
    for (int i = 0; i < count; i++) {
      assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, i));
      client.payload(1 << 20);
    }
  }

  @Test
  void disconnectWaitsForWhatIsInFlight() throws Exception {
    served.device.hold();
    client.send(
        join(
            RawClient.write(1, 0, filled(4096, 7)),
            RawClient.flush(2),
            RawClient.disconnect(),
            RawClient.write(3, 0, filled(4096, 8)))); // behind the end: not looked at
    served.device.awaitHeld(2);
    served.device.letGo();
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 1));
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 2));
    client.expectEnd();
    try (RawClient next = served.client()) {
      assertThat(next.readBack(0, 4096)).isEqualTo(filled(4096, 7));
    }
  }

  @Test
  void aDeadClientsRequestsAreCancelled() throws Exception {
    served.device.hold();
    client.send(join(RawClient.read(1, 0, 4096), RawClient.write(2, 0, filled(512, 1))));
    served.device.awaitHeld(2);
    client.close();
    served.device.awaitCancelled(2);
  }

  @Test
  void aClientThatDiesInAPayloadChangesNothing() throws Exception {
    for (int length : new int[] {4096, 65536, 1 << 20, Protocol.MAX_PAYLOAD}) {
      try (RawClient dying = served.client()) {
        byte[] write = RawClient.write(1, 0, filled(length, 9));
        dying.send(join(RawClient.flush(5), Arrays.copyOf(write, write.length - 1)));
        assertThat(dying.reply()).isEqualTo(new RawClient.Reply(0, 5));
      }
    }
    awaitConnections(1);
    assertThat(served.device.submitted()).isEqualTo(4); // the flushes
    assertThat(client.readBack(0, 1 << 20)).containsOnly(0);
  }

  /** A flush on one connection is submitted behind the writes that others were answered. */
  @Test
  void severalConnectionsAndAFlush() throws Exception {
    try (RawClient second = served.client()) {
      assertThat(client.errorOf(RawClient.write(1, 0, filled(512, 1)))).isZero();
      assertThat(second.errorOf(RawClient.write(1, 512, filled(512, 2)))).isZero();
      assertThat(client.errorOf(RawClient.flush(2))).isZero();
      assertThat(second.readBack(0, 1024)).isEqualTo(join(filled(512, 1), filled(512, 2)));
    }
  }

  /** The client is not read from any more; what it makes us keep is bounded; others go on. */
  @Test
  void aDeviceThatNeverAnswersHoldsTheClientBack() throws Exception {
    AtomicLong sent = new AtomicLong();
    long bound = ServerOptions.DEFAULTS.connectionBytes();
    int most = (int) (bound / (128 << 10));
    CompletableFuture<Void> flood;
    try (RawClient other = served.client()) {
      assertThat(other.errorOf(RawClient.flush(1))).isZero();
      served.device.hold();
      flood = CompletableFuture.runAsync(() -> flood(sent));
      served.device.awaitHeld(most - 8); // some lie in slabs that are larger than they
      other.send(RawClient.read(2, 0, 4096));
      served.device.letGo(served.device.awaitHeld(Operation.READ));
      assertThat(other.reply()).isEqualTo(new RawClient.Reply(0, 2));
      other.payload(4096);
    }
    assertThatThrownBy(() -> flood.get(300, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    assertThat(served.device.held()).isLessThanOrEqualTo(most + 8);
    assertThat(sent.get()).isLessThan(bound + (8 << 20));
    client.close();
    flood.join();
    served.device.letGo();
    awaitConnections(0);
  }

  private void flood(AtomicLong sent) {
    byte[] write = RawClient.write(1, 0, filled(128 << 10, 3));
    try {
      while (sent.get() < 256L << 20) {
        client.sendAll(ByteBuffer.wrap(write));
        sent.addAndGet(write.length);
      }
    } catch (ClosedChannelException e) {
      assertThat(client.socket.isOpen()).isFalse();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void closeWaitsForTheDeviceAndRefusesTheRest() throws Exception {
    served.device.hold();
    client.send(RawClient.write(1, 0, filled(512, 5)));
    served.device.awaitHeld(1);
    CompletableFuture<Boolean> closed =
        CompletableFuture.supplyAsync(() -> served.server.close(Duration.ofSeconds(20)));
    // Requests are refused as soon as the server knows; those that come before are held.
    for (int cookie = 2; cookie < 90; cookie++) {
      client.send(RawClient.flush(cookie));
    }
    while (!served.server.isDraining()) {
      Thread.onSpinWait();
    }
    client.send(RawClient.flush(99));
    int error = lastErrorBefore(99);
    assertThat(error).isEqualTo(Errno.ESHUTDOWN);
    assertThat(closed).isNotDone();
    served.device.letGo();
    assertThat(closed.join()).isTrue();
    assertThat(served.server.connections()).isZero();
  }

  private int lastErrorBefore(long cookie) throws IOException {
    RawClient.Reply reply = client.reply();
    while (reply.cookie() != cookie) {
      reply = client.reply();
    }
    return reply.error();
  }

  @Test
  void closeCutsOffWhatDoesNotEnd() throws Exception {
    StuckDevice stuck = new StuckDevice();
    NbdServer server =
        NbdServer.start(stuck, new Export("disk", "", false), ServerOptions.DEFAULTS);
    var listener = server.listen(new InetSocketAddress("localhost", 0));
    try (RawClient user = RawClient.ready(listener.getLocalAddress())) {
      user.send(RawClient.write(1, 0, filled(512, 1)));
      stuck.submitted.join();
      assertThat(server.close(Duration.ofMillis(50))).isFalse();
      user.expectEnd();
      assertThat(server.connections()).isEqualTo(1);
      stuck.submitted.join().complete(Errno.OK);
      assertThat(server.close(Duration.ofSeconds(10))).isTrue();
    }
  }

  private void awaitConnections(int count) {
    while (served.server.connections() > count) {
      Thread.onSpinWait();
    }
  }
}
