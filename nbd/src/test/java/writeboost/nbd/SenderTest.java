package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.nbd.ScriptedServer.Connected;
import writeboost.nbd.ScriptedServer.Peer;

/** Who submits requests never waits for a server. */
@Timeout(60)
class SenderTest {

  private static final long SEED = 20261128;
  private static final int REQUESTS = 2000;
  private static final int[] SIZES = {512, 4096, 4096, 4096, 16384, 65536, 1 << 20};

  /** Over a Unix socket, and over TCP: were it to wait, this would not end. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aServerThatTakesNothingHoldsUpNobody(boolean tcp) throws Exception {
    Random random = new Random(SEED);
    CountDownLatch answered = new CountDownLatch(REQUESTS);
    AtomicInteger succeeded = new AtomicInteger();
    try (ScriptedServer server = new ScriptedServer(tcp);
        Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(1 << 20, 4096);
      try (Connected connected = server.connect(ClientOptions.DEFAULTS);
          Peer peer = connected.peer()) {
        for (int i = 0; i < REQUESTS; i++) {
          Request request =
              new Request(
                  done -> {
                    succeeded.addAndGet(done.error == Errno.OK ? 1 : 0);
                    answered.countDown();
                  });
          int length = SIZES[random.nextInt(SIZES.length)];
          switch (random.nextInt(4)) {
            case 0 -> request.set(Operation.READ, 0, 0, length, memory, 0);
            case 1 -> request.set(Operation.FLUSH, 0, 0, 0);
            default -> request.set(Operation.WRITE, 0, 0, length, memory, 0);
          }
          connected.device().submit(new Request[] {request}, 1);
        }
        assertThat(answered.getCount()).isEqualTo(REQUESTS);
        peer.next(); // it takes one, and is gone
      }
      answered.await();
      assertThat(succeeded).hasValue(0);
    }
  }
}
