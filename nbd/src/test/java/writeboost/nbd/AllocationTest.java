package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.nbd.TransmissionTest.join;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.Request;

/** Once a connection runs, its thread makes no garbage. */
@Timeout(60)
class AllocationTest {

  private static final int BATCH = 32;
  private static final int BATCHES = 500;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRequestAllocatesNothing(boolean structured) throws IOException {
    TellingDevice device = new TellingDevice();
    Export export = new Export("disk", "", false);
    try (Served served = new Served(device, export, ServerOptions.DEFAULTS);
        RawClient client = structured ? RawClient.structured(served.address) : served.client()) {
      byte[][] requests = new byte[BATCH][];
      for (int i = 0; i < BATCH; i++) {
        requests[i] =
            switch (i % 4) {
              case 0 -> RawClient.read(i, 0, 4096);
              case 1 -> RawClient.flush(i);
              default -> RawClient.write(i, 4096L * i, new byte[4096]);
            };
      }
      byte[] batch = join(requests);
      run(client, batch, structured); // commands, buffers, classes
      long before = device.allocatedBytes();
      run(client, batch, structured);
      long perRequest = (device.allocatedBytes() - before) / (BATCH * BATCHES);
      assertThat(perRequest).as("bytes per request").isZero();
    }
  }

  private static void run(RawClient client, byte[] batch, boolean structured) throws IOException {
    for (int i = 0; i < BATCHES; i++) {
      client.send(batch);
      for (int k = 0; k < BATCH; k++) {
        if (structured && k % 4 == 0) {
          client.chunk();
        } else {
          client.reply();
          client.payload(k % 4 == 0 ? 4096 : 0);
        }
      }
    }
  }

  /** Does nothing, but tells what the thread that called it last has allocated. */
  private static final class TellingDevice implements BlockDevice {
    private final ThreadMXBean threads =
        (ThreadMXBean) ManagementFactory.getThreadMXBean(); // HotSpot's
    private volatile long caller;

    long allocatedBytes() {
      return threads.getThreadAllocatedBytes(caller);
    }

    @Override
    public long size() {
      return Served.SIZE;
    }

    @Override
    public Limits limits() {
      return new Limits(false, 512, 4096, true, true);
    }

    @Override
    public void submit(Request[] batch, int count) {
      caller = Thread.currentThread().threadId();
      for (int i = 0; i < count; i++) {
        batch[i].complete(Errno.OK);
      }
    }

    @Override
    public void close() {}
  }
}
