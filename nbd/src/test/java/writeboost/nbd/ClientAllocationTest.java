package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;

/** Once it runs, the client makes no garbage: neither who submits, nor its own threads. */
@Timeout(60)
class ClientAllocationTest {

  private static final int BATCH = 32;
  private static final int BATCHES = 500;

  private final ThreadMXBean threads =
      (ThreadMXBean) ManagementFactory.getThreadMXBean(); // HotSpot's
  private final Semaphore answered = new Semaphore(0);
  private final Request[] batch = new Request[BATCH];

  @Test
  void aRequestAllocatesNothing() throws Exception {
    try (Served served = new Served();
        NbdDevice device =
            NbdDevice.connect(NbdAddress.parse(served.uri()), ClientOptions.DEFAULTS)) {
      MemorySegment memory = Arena.ofAuto().allocate(4096L * BATCH);
      for (int i = 0; i < BATCH; i++) {
        Operation operation = i % 2 == 0 ? Operation.WRITE : Operation.READ;
        batch[i] = new Request(unused -> answered.release());
        batch[i].set(operation, 0, 4096L * i, 4096, memory, 4096L * i);
      }
      run(device); // slots, buffers, classes
      long before = allocated();
      run(device);
      long perRequest = (allocated() - before) / (BATCH * BATCHES);
      // No object has less than 16; a thread that waits for a batch allocates a node for that.
      assertThat(perRequest).as("bytes per request").isLessThan(8);
    }
  }

  private void run(NbdDevice device) {
    for (int i = 0; i < BATCHES; i++) {
      device.submit(batch, BATCH);
      answered.acquireUninterruptibly(BATCH);
      for (Request request : batch) {
        assertThatOk(request);
      }
    }
  }

  private static void assertThatOk(Request request) {
    if (request.error != Errno.OK) {
      throw new AssertionError(Errno.name(request.error));
    }
  }

  /** By the client's threads, which have their names from the export, and this one. */
  private long allocated() {
    long sum = threads.getCurrentThreadAllocatedBytes();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("nbd s") || thread.getName().equals("nbd sender s")) {
        sum += threads.getThreadAllocatedBytes(thread.threadId());
      }
    }
    return sum;
  }
}
