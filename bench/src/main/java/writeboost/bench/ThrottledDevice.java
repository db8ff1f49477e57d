package writeboost.bench;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import writeboost.device.BlockDevice;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * A device with a limit to its throughput: what is handed over waits for its turn, in the order of
 * arrival. Any thread; requests are passed on by a thread of its own.
 */
final class ThrottledDevice implements BlockDevice {

  /** By which a thread may wake up late without its being the device's loss. */
  private static final long WAKE_UP_NS = 2_000_000;

  private final BlockDevice device;
  private final double nsPerByte;
  private final LinkedBlockingQueue<Request> waiting = new LinkedBlockingQueue<>();

  /** Takes {@code device} over, which should be faster than {@code bytesPerS}. */
  ThrottledDevice(BlockDevice device, long bytesPerS) {
    this.device = device;
    this.nsPerByte = 1e9 / bytesPerS;
    Thread.ofPlatform().daemon().name("throttle").start(this::passOn);
  }

  private void passOn() {
    Request[] batch = new Request[1];
    long freeNs = System.nanoTime();
    try {
      while (true) {
        batch[0] = waiting.take();
        if (batch[0].operation == Operation.READ || batch[0].operation == Operation.WRITE) {
          // Time that nobody used is lost.
          freeNs = Math.max(freeNs, System.nanoTime() - WAKE_UP_NS);
          freeNs += (long) (batch[0].length * nsPerByte);
          sleepUntil(freeNs);
        }
        device.submit(batch, 1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does; should somebody, the device stands still
    }
  }

  private static void sleepUntil(long timeNs) {
    long left = timeNs - System.nanoTime();
    while (left > 0) {
      LockSupport.parkNanos(left);
      left = timeNs - System.nanoTime();
    }
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
      waiting.add(batch[i]);
    }
  }

  @Override
  public void close() {
    device.close();
  }
}
