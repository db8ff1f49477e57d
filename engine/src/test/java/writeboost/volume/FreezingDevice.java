package writeboost.volume;

import writeboost.device.BlockDevice;
import writeboost.device.Limits;
import writeboost.device.MemoryDevice;
import writeboost.device.Request;

/** A disk in RAM that takes requests and never answers them, once it is told to. Any thread. */
final class FreezingDevice implements BlockDevice {
  private final BlockDevice device;
  private volatile boolean frozen;

  FreezingDevice(long size) {
    device = new MemoryDevice(size);
  }

  void freeze(boolean newFrozen) {
    frozen = newFrozen;
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
    if (!frozen) {
      device.submit(batch, count);
    }
  }

  @Override
  public void close() {
    device.close();
  }
}
