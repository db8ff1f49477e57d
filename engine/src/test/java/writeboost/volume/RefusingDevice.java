package writeboost.volume;

import java.util.function.Predicate;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.MemoryDevice;
import writeboost.device.Request;

/** A disk in RAM that answers some requests with an error instead of carrying them out. */
final class RefusingDevice implements BlockDevice {

  private final BlockDevice device;
  private volatile Predicate<Request> refused = request -> false;
  private volatile int error = Errno.EIO;

  RefusingDevice(long size) {
    device = new MemoryDevice(size);
  }

  /** From now on, and instead of what was refused until now. */
  void refuse(int newError, Predicate<Request> newRefused) {
    error = newError;
    refused = newRefused;
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
    Request[] one = new Request[1];
    for (int i = 0; i < count; i++) {
      if (refused.test(batch[i])) {
        batch[i].complete(error);
      } else {
        one[0] = batch[i];
        device.submit(one, 1);
      }
    }
  }

  @Override
  public void close() {
    device.close();
  }
}
