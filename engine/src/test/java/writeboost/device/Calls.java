package writeboost.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Requests of a test: submitted together, waited for together. */
final class Calls {
  private static final int TIMEOUT_S = 60;

  private Calls() {}

  static Request request(
      Operation operation, long offset, long length, MemorySegment data, long dataOffset) {
    return new Request(unused -> {}).set(operation, 0, offset, length, data, dataOffset);
  }

  static Request request(Operation operation, int flags, long offset, long length) {
    return new Request(unused -> {}).set(operation, flags, offset, length);
  }

  /** Submits all and waits until each has been completed once. */
  static void run(BlockDevice device, Request... requests) {
    CountDownLatch answered = new CountDownLatch(requests.length);
    for (Request request : requests) {
      request.completion(unused -> answered.countDown());
    }
    device.submit(requests, requests.length);
    await(answered);
  }

  static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(TIMEOUT_S, TimeUnit.SECONDS)).as("answered in time").isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  static int error(BlockDevice device, Request request) {
    run(device, request);
    return request.error;
  }

  static MemorySegment memory(long bytes) {
    return Arena.ofAuto().allocate(bytes, 4096);
  }
}
