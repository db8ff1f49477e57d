package writeboost.volume;

import java.util.ArrayList;
import java.util.List;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Limits;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * A disk in RAM that keeps what it is asked until its gate opens, and counts it. One thread; where
 * the gate is open it answers at once.
 */
final class GatedDevice implements BlockDevice {

  private final BlockDevice device;
  private final List<Request> kept = new ArrayList<>();
  private final List<Request> seen = new ArrayList<>();
  private final List<Extents> answeredLate = new ArrayList<>();
  private final List<Long> hints = new ArrayList<>();
  private boolean closed;
  private boolean answersLate;
  private int questions;
  private int error;

  GatedDevice(long size) {
    device = new MemoryDevice(size);
  }

  /** From now on requests are kept. */
  void closeGate() {
    closed = true;
  }

  /** What was kept is carried out, and what comes is, too. */
  void openGate() {
    closed = false;
    while (!kept.isEmpty()) {
      perform(kept.removeFirst());
    }
  }

  /** Carries out what is kept now; what comes of it is kept. */
  void letPass() {
    List<Request> now = new ArrayList<>(kept);
    kept.clear();
    now.forEach(this::perform);
  }

  /** From now on everything is answered with this; 0: as usual. */
  void failWith(int newError) {
    error = newError;
  }

  private void perform(Request request) {
    if (error != Errno.OK) {
      request.complete(error);
    } else {
      device.submit(new Request[] {request}, 1);
    }
  }

  /** From now on questions are looked into at once, and answered at {@link #answerNow}. */
  void answerLate() {
    answersLate = true;
  }

  void answerNow() {
    answersLate = false;
    while (!answeredLate.isEmpty()) {
      answeredLate.removeFirst().complete(error);
    }
  }

  @Override
  public void describe(Extents extents) {
    questions++;
    Extents own = new Extents(extents.most(), unused -> {});
    device.describe(own.ask(extents.offset, extents.length, extents.most()));
    for (int i = 0; i < own.count(); i++) {
      extents.add(own.length(i), own.state(i));
    }
    if (answersLate) {
      answeredLate.add(extents);
    } else {
      extents.complete(error);
    }
  }

  @Override
  public void prefetch(long offset, long length) {
    hints.add(offset);
    hints.add(length);
  }

  /** Offset and length of each hint, one after the other. */
  List<Long> hints() {
    return hints;
  }

  /** How often it was asked what lies where. */
  int questions() {
    return questions;
  }

  /** Requests that are kept. */
  int kept() {
    return kept.size();
  }

  /** Requests that have come since {@link #forget}. */
  int count() {
    return seen.size();
  }

  /** Of these, those of one kind. */
  long count(Operation operation) {
    return seen.stream().filter(request -> request.operation == operation).count();
  }

  /** Of these, the writes at one place. */
  long writesAt(long offset) {
    return seen.stream()
        .filter(request -> request.operation == Operation.WRITE && request.offset == offset)
        .count();
  }

  void forget() {
    seen.clear();
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
      Request request = batch[i];
      seen.add(copy(request));
      if (closed) {
        kept.add(request);
      } else {
        perform(request);
      }
    }
  }

  /** Requests are used again. */
  private static Request copy(Request request) {
    return new Request(unused -> {})
        .set(
            request.operation,
            request.flags,
            request.offset,
            request.length,
            request.data,
            request.dataOffset);
  }

  @Override
  public void close() {
    device.close();
  }
}
