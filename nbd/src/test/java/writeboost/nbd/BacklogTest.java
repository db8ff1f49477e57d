package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.nbd.TransmissionTest.filled;
import static writeboost.nbd.TransmissionTest.join;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import writeboost.device.Operation;

/** Long payloads while the device is still at work on the one before. */
@Timeout(30)
class BacklogTest {

  /** More than the socket has room for: who has sent it all has had it taken. */
  private static final int LONG = 8 << 20;

  private final SlowSubmitDevice device = new SlowSubmitDevice();
  private NbdServer server;
  private RawClient client;

  @BeforeEach
  void connect(@TempDir Path folder) throws IOException {
    server = NbdServer.start(device, new Export("", "", false), ServerOptions.DEFAULTS);
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
    server.listen(address);
    client = RawClient.ready(address);
  }

  @AfterEach
  void close() throws IOException {
    device.mayGoOn.countDown();
    client.close();
    server.close();
  }

  @Test
  void aPayloadIsReceivedWhileTheDeviceWorks() throws Exception {
    client.send(RawClient.write(1, 0, filled(LONG, 1)));
    device.begun.await();
    client.send(RawClient.write(2, LONG, filled(LONG, 2)));
    device.mayGoOn.countDown();
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 1));
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 2));
  }

  @Test
  void shortRequestsDoNotOvertakeLongOnes() throws Exception {
    client.send(RawClient.write(1, 0, filled(LONG, 1)));
    device.begun.await();
    client.send(join(RawClient.flush(2), RawClient.write(3, 0, filled(512, 3))));
    client.send(RawClient.write(4, 0, filled(LONG, 4)));
    device.mayGoOn.countDown();
    for (int i = 1; i <= 4; i++) {
      assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, i));
    }
    assertThat(device.operations)
        .containsExactly(Operation.WRITE, Operation.FLUSH, Operation.WRITE, Operation.WRITE);
  }

  @Test
  void whatIsLeftIsAnsweredBeforeTheEnd() throws Exception {
    client.send(RawClient.write(1, 0, filled(LONG, 1)));
    device.begun.await();
    client.send(join(RawClient.write(2, LONG, filled(LONG, 2)), RawClient.disconnect()));
    device.mayGoOn.countDown();
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 1));
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 2));
    client.expectEnd();
  }
}
