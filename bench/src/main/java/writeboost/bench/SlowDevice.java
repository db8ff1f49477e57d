package writeboost.bench;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import writeboost.device.BlockDevice;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * A disk with one actuator: one request at a time, each takes the same time; a FLUSH takes none.
 * Any thread; requests are carried out by the actuator's.
 */
final class SlowDevice implements BlockDevice {

  private final BlockDevice disk;
  private final long requestNs;
  private final LinkedBlockingQueue<Request> waiting = new LinkedBlockingQueue<>();

  /** Takes {@code disk} over; what it does itself should take next to no time. */
  SlowDevice(BlockDevice disk, long requestNs) {
    this.disk = disk;
    this.requestNs = requestNs;
    Thread.ofPlatform().daemon().name("actuator").start(this::actuate);
  }

  private void actuate() {
    Request[] batch = new Request[1];
    try {
      while (true) {
        batch[0] = waiting.take();
        if (batch[0].operation != Operation.FLUSH) {
          move();
        }
        disk.submit(batch, 1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does; should somebody, the disk stands still
    }
  }

  private void move() {
    long end = System.nanoTime() + requestNs;
    long left = requestNs;
    while (left > 0) {
      LockSupport.parkNanos(left);
      left = end - System.nanoTime();
    }
  }

  @Override
  public long size() {
    return disk.size();
  }

  @Override
  public Limits limits() {
    return disk.limits();
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      waiting.add(batch[i]);
    }
  }

  @Override
  public void close() {
    disk.close();
  }
}
