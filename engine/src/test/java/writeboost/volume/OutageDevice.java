package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * A disk in RAM with a volatile cache that fails on command: it refuses some requests, does not
 * answer some for a while, fails flushes and may forget what these should have kept. One thread.
 */
final class OutageDevice implements BlockDevice {

  private final MemoryDevice device;

  /** What a flush has made durable. */
  private final MemorySegment durable;

  private Predicate<Request> refused = request -> false;
  private int error;
  private Predicate<Request> held = request -> false;
  private final List<Request> unanswered = new ArrayList<>();

  OutageDevice(long size) {
    device = new MemoryDevice(size);
    durable = Arena.ofAuto().allocate(size);
  }

  /** From now on, and instead of what was refused until now. */
  void refuse(int newError, Predicate<Request> newRefused) {
    error = newError;
    refused = newRefused;
  }

  /** From now on these are not answered. */
  void hold(Predicate<Request> newHeld) {
    held = newHeld;
  }

  /** How many requests are not answered. */
  int unanswered() {
    return unanswered.size();
  }

  /** All is well again; what was held is carried out and answered now. */
  void mend() {
    refused = request -> false;
    held = request -> false;
    List<Request> late = List.copyOf(unanswered);
    unanswered.clear();
    late.forEach(this::perform);
  }

  /** What was not flushed is gone. */
  void forget() {
    Request write = new Request(request -> {}).set(Operation.WRITE, 0, 0, size(), durable, 0);
    device.submit(new Request[] {write}, 1);
    assertThat(write.error).isZero();
  }

  /** What would be there after a power loss. */
  MemorySegment durable() {
    return durable.asReadOnly();
  }

  @Override
  public long size() {
    return device.size();
  }

  @Override
  public Limits limits() {
    return device.limits();
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      if (held.test(batch[i])) {
        unanswered.add(batch[i]);
      } else if (refused.test(batch[i])) {
        batch[i].complete(error);
      } else {
        perform(batch[i]);
      }
    }
  }

  private void perform(Request request) {
    if (request.operation == Operation.FLUSH) {
      Request read = new Request(answered -> {}).set(Operation.READ, 0, 0, size(), durable, 0);
      device.submit(new Request[] {read}, 1);
      assertThat(read.error).isZero();
      request.complete(Errno.OK);
    } else {
      device.submit(new Request[] {request}, 1);
    }
  }

  @Override
  public void close() {
    device.close();
  }
}
