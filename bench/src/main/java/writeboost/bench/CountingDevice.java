package writeboost.bench;

import java.util.concurrent.atomic.AtomicLong;
import writeboost.device.BlockDevice;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;

/** A device that counts what is written to it. Any thread. */
final class CountingDevice implements BlockDevice {

  private final BlockDevice device;
  private final AtomicLong bytesWritten = new AtomicLong();

  /** Takes {@code device} over. */
  CountingDevice(BlockDevice device) {
    this.device = device;
  }

  long bytesWritten() {
    return bytesWritten.get();
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
      if (batch[i].operation == Operation.WRITE) {
        bytesWritten.addAndGet(batch[i].length);
      }
    }
    device.submit(batch, count);
  }

  @Override
  public void close() {
    device.close();
  }
}
