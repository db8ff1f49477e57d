package writeboost.nbd;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;

/** Does nothing but take its time over the first batch, on the thread that submits it. */
final class SlowSubmitDevice implements BlockDevice {

  final CountDownLatch begun = new CountDownLatch(1);
  final CountDownLatch mayGoOn = new CountDownLatch(1);

  /** What came, in order. */
  final List<Operation> operations = new ArrayList<>();

  @Override
  public long size() {
    return Served.SIZE;
  }

  @Override
  public Limits limits() {
    return new Limits(false, 512, 4096, true, true);
  }

  @Override
  public synchronized void submit(Request[] batch, int count) {
    begun.countDown();
    try {
      mayGoOn.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    for (int i = 0; i < count; i++) {
      operations.add(batch[i].operation);
    }
    for (int i = 0; i < count; i++) {
      batch[i].complete(Errno.OK);
    }
  }

  @Override
  public void close() {}
}
