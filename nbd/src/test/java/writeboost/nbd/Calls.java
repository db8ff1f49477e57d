package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;

/** Requests to a device, each with its answer to wait for. One thread. */
final class Calls {

  private static final int LIMIT_S = 30;

  private final BlockDevice device;

  Calls(BlockDevice device) {
    this.device = device;
  }

  /** One of them. */
  static final class Call {
    final Request request = new Request(unused -> answered());
    private final CountDownLatch done = new CountDownLatch(1);

    private void answered() {
      assertThat(done.getCount()).as("completed once").isOne();
      done.countDown();
    }

    boolean isDone() {
      return done.getCount() == 0;
    }

    /** Waits for the answer. */
    int error() throws InterruptedException {
      assertThat(done.await(LIMIT_S, TimeUnit.SECONDS)).as(request + " is answered").isTrue();
      return request.error;
    }

    Call succeed() throws InterruptedException {
      assertThat(Errno.name(error())).isEqualTo("OK");
      return this;
    }

    void fail(int error) throws InterruptedException {
      assertThat(Errno.name(error())).isEqualTo(Errno.name(error));
    }

    byte[] data() {
      return request
          .data
          .asSlice(request.dataOffset, request.length)
          .toArray(ValueLayout.JAVA_BYTE);
    }
  }

  Call read(long offset, long length) {
    return submit(Operation.READ, 0, offset, Arena.ofAuto().allocate(length), length);
  }

  Call write(long offset, byte[] data) {
    return write(offset, data, 0);
  }

  Call write(long offset, byte[] data, int flags) {
    MemorySegment memory = Arena.ofAuto().allocate(data.length);
    memory.copyFrom(MemorySegment.ofArray(data));
    return submit(Operation.WRITE, flags, offset, memory, data.length);
  }

  Call flush() {
    return submit(Operation.FLUSH, 0, 0, MemorySegment.NULL, 0);
  }

  Call zero(long offset, long length, int flags) {
    return submit(Operation.WRITE_ZEROES, flags, offset, MemorySegment.NULL, length);
  }

  Call trim(long offset, long length) {
    return submit(Operation.TRIM, 0, offset, MemorySegment.NULL, length);
  }

  private Call submit(
      Operation operation, int flags, long offset, MemorySegment memory, long length) {
    Call call = new Call();
    call.request.set(operation, flags, offset, length, memory, 0);
    device.submit(new Request[] {call.request}, 1);
    return call;
  }

  /** Waits for {@code condition}, which another thread makes true. */
  static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    CountDownLatch never = new CountDownLatch(1);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("until " + what).isLessThan(deadline);
      assertThat(never.await(5, TimeUnit.MILLISECONDS)).isFalse();
    }
  }
}
