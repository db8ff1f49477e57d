package writeboost.simulate;

import writeboost.device.BlockDevice;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;

/** A disk that may be read, and nothing else. One thread. */
final class Untouchable implements BlockDevice {
  private final BlockDevice disk;

  Untouchable(BlockDevice disk) {
    this.disk = disk;
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
      if (batch[i].operation != Operation.READ) {
        throw new Violation("read-only, and yet: " + batch[i]);
      }
    }
    disk.submit(batch, count);
  }

  @Override
  public void close() {}
}
