package writeboost.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes through io_uring; the contract of devices is asked for elsewhere. */
class RequestRingTest {
  private static final int SIZE = 16 << 20;
  private static final int BLOCK = 4096;

  @TempDir Path folder;
  private FileDevice device;

  @BeforeEach
  void open() throws IOException {
    DeviceFile file = FileCreation.allocated(folder.resolve("d"), SIZE, done -> {});
    device = new FileDevice(file, DeviceIo.IO_URING);
    assumeTrue(device.description().endsWith("io_uring"), device.description());
  }

  @AfterEach
  void close() {
    device.close();
  }

  @Test
  void moreThanTheRingTakesAtOnceAndMoreOutOfEachCompletion() {
    int first = 2000;
    CountDownLatch answered = new CountDownLatch(3 * first);
    AtomicInteger failed = new AtomicInteger();
    Request[] batch = new Request[first];
    for (int i = 0; i < first; i++) {
      long offset = (long) i * BLOCK;
      batch[i] = Calls.request(Operation.WRITE, offset, BLOCK, Calls.memory(BLOCK), 0);
      batch[i].completion(
          request -> {
            failed.addAndGet(request.error);
            answered.countDown();
            if (request.operation != Operation.FLUSH) {
              if (request.operation == Operation.READ) {
                request.set(Operation.FLUSH, 0, 0, 0);
              } else {
                request.operation = Operation.READ;
              }
              device.submit(new Request[] {request}, 1);
            }
          });
    }
    device.submit(batch, first);
    Calls.await(answered);
    assertThat(failed).hasValue(0);
  }

  @Test
  void memoryThatIsNotThereIsAnError() {
    MemorySegment nowhere = MemorySegment.ofAddress(1L << 20).reinterpret(BLOCK);
    for (Operation operation : new Operation[] {Operation.READ, Operation.WRITE}) {
      assertThat(Calls.error(device, Calls.request(operation, 0, BLOCK, nowhere, 0)))
          .isEqualTo(Errno.EIO);
    }
  }

  @Test
  void aSubmitterThatEndsTakesNothingWithIt() throws Exception {
    int rounds = 50;
    CountDownLatch answered = new CountDownLatch(2 * rounds);
    AtomicInteger failed = new AtomicInteger();
    for (int i = 0; i < rounds; i++) {
      Request write = Calls.request(Operation.WRITE, i * BLOCK, BLOCK, Calls.memory(BLOCK), 0);
      Request[] batch = {write, Calls.request(Operation.FLUSH, 0, 0, 0)};
      for (Request request : batch) {
        request.completion(
            done -> {
              failed.addAndGet(done.error);
              answered.countDown();
            });
      }
      Thread submitter = Thread.ofPlatform().start(() -> device.submit(batch, batch.length));
      submitter.join();
    }
    Calls.await(answered);
    assertThat(failed).hasValue(0);
  }

  @Test
  void aRequestAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean(); // HotSpot's
    int count = 20_000;
    long least = Long.MAX_VALUE;
    // Some objects are left out only by compiled code, and when that is there nobody knows.
    for (int round = 0; round < 15 && least >= 16; round++) {
      long before = threads.getTotalThreadAllocatedBytes();
      readOneAfterTheOther(count);
      least = Math.min(least, (threads.getTotalThreadAllocatedBytes() - before) / count);
    }
    assertThat(least).as("bytes per request").isLessThan(16);
  }

  /** Each is submitted by the completion of the one before it. */
  private void readOneAfterTheOther(int count) {
    CountDownLatch ended = new CountDownLatch(1);
    AtomicInteger left = new AtomicInteger(count);
    Request[] batch = {Calls.request(Operation.READ, 0, BLOCK, Calls.memory(BLOCK), 0)};
    batch[0].completion(
        unused -> {
          if (left.decrementAndGet() > 0) {
            device.submit(batch, 1);
          } else {
            ended.countDown();
          }
        });
    device.submit(batch, 1);
    Calls.await(ended);
  }

  @Test
  void saysWhyThereIsNone() {
    assertThatThrownBy(() -> IoUring.open(0))
        .isInstanceOf(IOException.class)
        .hasMessage("needs Linux 6.1");
  }
}
