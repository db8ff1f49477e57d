package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.nbd.TransmissionTest.filled;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Errno;

/** What clients can make a server keep, and what befalls those who keep it from others. */
@Timeout(60)
class LimitsTest {

  private static final int LARGE = 24 << 20;
  private static final ServerOptions SMALL =
      ServerOptions.DEFAULTS
          .withBytesInFlight(Protocol.MAX_PAYLOAD, Protocol.MAX_PAYLOAD)
          .withStallTimeout(Duration.ofMillis(100));

  @Test
  void aPayloadThatDoesNotComeIsNotWaitedForWhileOthersNeedTheMemory() throws Exception {
    try (Served served = new Served(SMALL);
        RawClient stalled = served.client();
        RawClient other = served.client()) {
      stalled.send(Arrays.copyOf(RawClient.write(1, 0, filled(LARGE, 1)), 10_000));
      awaitHeld(served, LARGE);
      assertThat(other.errorOf(RawClient.write(2, 0, filled(LARGE, 2)))).isZero();
      stalled.expectEnd();
      assertThat(other.readBack(0, 4096)).isEqualTo(filled(4096, 2));
    }
  }

  @Test
  void repliesThatAreNotTakenAreNotKeptWhileOthersNeedTheMemory() throws Exception {
    try (Served served = new Served(SMALL);
        RawClient stalled = served.client();
        RawClient other = served.client()) {
      stalled.send(RawClient.read(1, 0, LARGE));
      awaitHeld(served, LARGE);
      assertThat(other.readBack(0, LARGE)).containsOnly(0);
      assertThat(served.server.clients()).hasSize(1);
    }
  }

  /** It does no harm: it may take its time. */
  @Test
  void whoHoldsWhatNobodyNeedsStays() throws Exception {
    try (Served served = new Served(SMALL.withStallTimeout(Duration.ofMillis(1)));
        RawClient slow = served.client();
        RawClient other = served.client()) {
      byte[] write = RawClient.write(1, 0, filled(LARGE, 1));
      slow.send(Arrays.copyOf(write, 10_000));
      awaitHeld(served, LARGE);
      for (int i = 0; i < 1000; i++) {
        assertThat(other.errorOf(RawClient.write(2, LARGE, filled(4096, 2)))).isZero();
      }
      slow.send(Arrays.copyOfRange(write, 10_000, write.length));
      assertThat(slow.reply()).isEqualTo(new RawClient.Reply(0, 1));
    }
  }

  private static void awaitHeld(Served served, long bytes) {
    while (served.server.clients().stream().noneMatch(client -> client.bytesHeld() >= bytes)) {
      Thread.onSpinWait();
    }
  }

  @Test
  void requestsInAllAreBounded() throws Exception {
    int room = ServerOptions.GUARANTEED_REQUESTS + 1;
    try (Served served = new Served(ServerOptions.DEFAULTS.withTotalRequests(1))) {
      for (int connection = 0; connection < 3; connection++) { // what ends gives its room back
        try (RawClient client = served.client()) {
          served.device.hold();
          for (int i = 0; i < 2 * room; i++) {
            client.send(RawClient.write(i, 512L * i, filled(512, i)));
          }
          served.device.awaitHeld(room);
          assertThat(served.server.clients().getLast().requestsInFlight()).isEqualTo(room);
          served.device.letGo();
          for (int i = 0; i < 2 * room; i++) {
            assertThat(client.reply().error()).isZero();
          }
        }
        while (served.server.connections() > 0) {
          Thread.onSpinWait();
        }
      }
    }
  }

  @Test
  void whoComesWhenAllRoomIsTakenCanStillWork() throws Exception {
    try (Served served = new Served(ServerOptions.DEFAULTS.withTotalRequests(1));
        RawClient first = served.client();
        RawClient second = served.client()) {
      assertThat(second.errorOf(RawClient.flush(0))).isZero(); // it has been admitted
      served.device.hold();
      for (int i = 0; i < 2 * ServerOptions.GUARANTEED_REQUESTS; i++) {
        first.send(RawClient.flush(i));
      }
      served.device.awaitHeld(ServerOptions.GUARANTEED_REQUESTS + 1);
      for (int i = 0; i < 2 * ServerOptions.GUARANTEED_REQUESTS; i++) {
        second.send(RawClient.flush(i));
      }
      served.device.awaitHeld(2 * ServerOptions.GUARANTEED_REQUESTS + 1);
      served.device.letGo();
      for (int i = 0; i < 2 * ServerOptions.GUARANTEED_REQUESTS; i++) {
        assertThat(first.reply().error()).isZero();
        assertThat(second.reply().error()).isZero();
      }
    }
  }

  /**
   * What a client had sent, and was not read because there was no memory, must not be carried out
   * once it is gone: it may have sent it again elsewhere, and something newer after that.
   */
  @Test
  void whatAGoneClientHadSentIsNotReadAfterAWait() throws Exception {
    StuckDevice device = new StuckDevice();
    try (Served served = new Served(device, new Export("disk", "", false), SMALL)) {
      try (RawClient client = served.client()) {
        client.socket.configureBlocking(false);
        ByteBuffer write = ByteBuffer.wrap(RawClient.write(1, 0, filled(64 << 10, 1)));
        while (client.socket.write(write) > 0 || !waitsForMemory(served)) {
          if (!write.hasRemaining()) {
            write.clear();
          }
        }
      }
      int submitted = device.requests.size();
      assertThat(submitted).isGreaterThan(300);
      device.requests.forEach(request -> request.complete(Errno.OK));
      while (served.server.connections() > 0) {
        Thread.onSpinWait();
      }
      assertThat(device.requests).hasSize(submitted);
    }
  }

  /** While it reads or writes, a thread is not seen as waiting. */
  private static boolean waitsForMemory(Served served) {
    long held = served.server.clients().getFirst().bytesHeld();
    return held >= Protocol.MAX_PAYLOAD
        && Thread.getAllStackTraces().keySet().stream()
            .anyMatch(
                thread ->
                    thread.getName().equals("nbd unix #1")
                        && thread.getState() == Thread.State.WAITING);
  }
}
