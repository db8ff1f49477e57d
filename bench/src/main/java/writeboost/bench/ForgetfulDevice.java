package writeboost.bench;

import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;

/** A disk that takes everything and keeps nothing: it reads as zeroes. Any thread. */
final class ForgetfulDevice implements BlockDevice {

  private static final Limits LIMITS =
      new Limits(false, 512, 4096, /* canZero= */ true, /* canTrim= */ true);

  private final long sizeBytes;

  ForgetfulDevice(long sizeBytes) {
    this.sizeBytes = sizeBytes;
  }

  @Override
  public long size() {
    return sizeBytes;
  }

  @Override
  public Limits limits() {
    return LIMITS;
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      Request request = batch[i];
      if (request.operation == Operation.READ) {
        request.data.asSlice(request.dataOffset, request.length).fill((byte) 0);
      }
      request.complete(Errno.OK);
    }
  }

  @Override
  public void close() {}
}
