package writeboost.bench;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import writeboost.device.BlockDevice;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.simulate.RotatingDisk;

/**
 * A device that takes as long as a {@link RotatingDisk}. Any thread; requests are carried out by
 * the disk's own, in the order of arrival.
 *
 * <p>The disk's time is the model's: that a thread wakes up late makes an answer late, but not the
 * disk slower as long as other requests wait for it.
 */
final class RotatingDevice implements BlockDevice {

  private record Arrival(Request request, long timeNs) {}

  private final BlockDevice content;
  private final RotatingDisk disk;
  private final long beginNs = System.nanoTime();
  private final LinkedBlockingQueue<Arrival> waiting = new LinkedBlockingQueue<>();

  /** Takes {@code content} over; what that does itself should take next to no time. */
  RotatingDevice(BlockDevice content) {
    this.content = content;
    this.disk = new RotatingDisk(content.size());
    Thread.ofPlatform().daemon().name("rotating disk").start(this::rotate);
  }

  private void rotate() {
    Request[] batch = new Request[1];
    try {
      while (true) {
        Arrival next = waiting.take();
        Request request = next.request;
        if (request.operation != Operation.FLUSH && request.operation != Operation.TRIM) {
          sleepUntil(disk.serve(next.timeNs, request.offset, request.length));
        }
        batch[0] = request;
        content.submit(batch, 1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does; should somebody, the disk stands still
    }
  }

  private void sleepUntil(long timeNs) {
    long left = timeNs - nowNs();
    while (left > 0) {
      LockSupport.parkNanos(left);
      left = timeNs - nowNs();
    }
  }

  private long nowNs() {
    return System.nanoTime() - beginNs;
  }

  @Override
  public long size() {
    return content.size();
  }

  @Override
  public Limits limits() {
    return content.limits();
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      waiting.add(new Arrival(batch[i], nowNs()));
    }
  }

  @Override
  public void close() {
    content.close();
  }
}
