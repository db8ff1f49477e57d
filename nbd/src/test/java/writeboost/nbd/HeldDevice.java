package writeboost.nbd;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * A device whose requests wait until the test lets them go: to the device behind, on the thread
 * that lets go. While it does not {@link #hold}, it passes everything on at once.
 */
final class HeldDevice implements BlockDevice {

  private final BlockDevice behind;
  private final List<Request> held = new ArrayList<>();
  private boolean holding;
  private int submitted;
  private int cancelled;

  HeldDevice(BlockDevice behind) {
    this.behind = behind;
  }

  synchronized void hold() {
    holding = true;
  }

  /** Lets everything go, and holds nothing more. */
  void letGo() {
    Request[] batch;
    synchronized (this) {
      holding = false;
      batch = held.toArray(new Request[0]);
      held.clear();
    }
    behind.submit(batch, batch.length);
  }

  /** Lets go of the request that was submitted as number {@code index} of those held now. */
  void letGo(int index) {
    Request request;
    synchronized (this) {
      request = held.remove(index);
    }
    behind.submit(new Request[] {request}, 1);
  }

  /** Answers everything that is held with {@code error}; nothing of it is carried out. */
  void failHeld(int error) {
    List<Request> failing;
    synchronized (this) {
      failing = List.copyOf(held);
      held.clear();
    }
    failing.forEach(request -> request.complete(error));
  }

  synchronized int held() {
    return held.size();
  }

  synchronized int submitted() {
    return submitted;
  }

  synchronized void awaitHeld(int count) throws InterruptedException {
    await(() -> held.size() >= count, "held " + count);
  }

  /** The index of the first request of this kind that is held. */
  synchronized int awaitHeld(Operation operation) throws InterruptedException {
    await(() -> indexOf(operation) >= 0, "held a " + operation);
    return indexOf(operation);
  }

  private int indexOf(Operation operation) {
    for (int i = 0; i < held.size(); i++) {
      if (held.get(i).operation == operation) {
        return i;
      }
    }
    return -1;
  }

  synchronized void awaitCancelled(int count) throws InterruptedException {
    await(() -> cancelled >= count, "cancelled " + count);
  }

  private void await(BooleanSupplier condition, String what) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!condition.getAsBoolean()) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        throw new AssertionError(
            "never " + what + "; held " + held.size() + ", cancelled " + cancelled);
      }
      wait(left);
    }
  }

  @Override
  public long size() {
    return behind.size();
  }

  @Override
  public Limits limits() {
    return behind.limits();
  }

  @Override
  public void submit(Request[] batch, int count) {
    synchronized (this) {
      submitted += count;
      if (holding) {
        held.addAll(Arrays.asList(batch).subList(0, count));
        notifyAll();
        return;
      }
    }
    behind.submit(batch, count);
  }

  @Override
  public void cancel(Request request) {
    synchronized (this) {
      if (!held.remove(request)) {
        return;
      }
      cancelled++;
      notifyAll();
    }
    request.complete(Errno.ECANCELED);
  }

  @Override
  public void describe(Extents extents) {
    behind.describe(extents);
  }

  @Override
  public void prefetch(long offset, long length) {
    behind.prefetch(offset, length);
  }

  @Override
  public boolean canZeroFast() {
    return behind.canZeroFast();
  }

  @Override
  public boolean rotational() {
    return behind.rotational();
  }

  @Override
  public void close() {
    behind.close();
  }
}
