package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.nbd.TransmissionTest.join;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Operation;
import writeboost.device.Request;

/** Who asks is told how long requests took. */
@Timeout(30)
class LatenciesTest {

  private record Told(Operation operation, int flags, long nanoseconds, int count) {}

  private final Queue<Told> told = new ConcurrentLinkedQueue<>();
  private final ServerOptions options =
      ServerOptions.DEFAULTS.withLatencies(
          (operation, flags, nanoseconds, count) ->
              told.add(new Told(operation, flags, nanoseconds, count)));

  @Test
  void alikeRequestsThatComeTogetherAreToldTogether() throws Exception {
    try (Served served = new Served(options);
        RawClient client = served.client()) {
      client.send(
          join(
              RawClient.write(1, 0, new byte[512]),
              RawClient.write(2, 512, new byte[512]),
              RawClient.request(
                  Protocol.CMD_FLAG_FUA, Protocol.CMD_WRITE, 3, 0, 512, new byte[512]),
              RawClient.flush(4),
              RawClient.read(5, 0, 0)));
      for (int i = 0; i < 5; i++) {
        assertThat(client.reply().error()).isZero();
      }
      assertThat(told.stream().map(one -> one.operation() + " " + one.flags() + " " + one.count()))
          .containsExactly("WRITE 0 2", "WRITE " + Request.FUA + " 1", "FLUSH 0 1");
    }
  }

  @Test
  void theTimeInTheDeviceCounts() throws Exception {
    try (Served served = new Served(options);
        RawClient client = served.client()) {
      served.device.hold();
      client.send(RawClient.read(1, 0, 512));
      served.device.awaitHeld(1);
      long heldNs = System.nanoTime();
      client.send(RawClient.read(2, 0, 512));
      served.device.awaitHeld(2);
      long waitedNs = System.nanoTime() - heldNs;
      served.device.letGo();
      client.reply();
      assertThat(told.element().nanoseconds()).isGreaterThan(waitedNs);
    }
  }

  @Test
  void whatFailsIsNotTold() throws Exception {
    try (Served served = new Served(options);
        RawClient client = served.client()) {
      assertThat(client.errorOf(RawClient.read(1, Served.SIZE, 512))).isNotZero();
      assertThat(client.errorOf(RawClient.flush(2))).isZero();
      assertThat(List.copyOf(told)).extracting(Told::operation).containsExactly(Operation.FLUSH);
    }
  }
}
