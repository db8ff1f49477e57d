package writeboost.nbd;

import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import writeboost.device.BlockDevice;
import writeboost.device.Limits;
import writeboost.device.Request;

/** Never answers, and does not listen to a cancel. */
final class StuckDevice implements BlockDevice {

  /** The first request that came. */
  final CompletableFuture<Request> submitted = new CompletableFuture<>();

  /** All that came. */
  final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();

  @Override
  public long size() {
    return Served.SIZE;
  }

  @Override
  public Limits limits() {
    return new Limits(false, 512, 4096, true, true);
  }

  @Override
  public void submit(Request[] batch, int count) {
    requests.addAll(Arrays.asList(batch).subList(0, count));
    if (count > 0) {
      submitted.complete(batch[0]);
    }
  }

  @Override
  public void close() {}
}
