package writeboost.nbd;

import java.util.concurrent.CompletableFuture;
import writeboost.device.BlockDevice;
import writeboost.device.Limits;
import writeboost.device.Request;

/** Never answers, and does not listen to a cancel. */
final class StuckDevice implements BlockDevice {

  /** The first request that came. */
  final CompletableFuture<Request> submitted = new CompletableFuture<>();

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
    submitted.complete(batch[0]);
  }

  @Override
  public void close() {}
}
