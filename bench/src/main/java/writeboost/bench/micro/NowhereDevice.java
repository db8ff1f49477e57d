package writeboost.bench.micro;

import java.lang.foreign.MemorySegment;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Geometry;

/**
 * A disk that costs nothing: it keeps the superblock region, answers everything at once, and reads
 * as zeroes elsewhere, whatever was written. One thread.
 */
final class NowhereDevice implements BlockDevice {

  private static final Limits LIMITS =
      new Limits(false, Geometry.SECTOR, Geometry.BLOCK, /* canZero= */ true, /* canTrim= */ true);

  private final MemoryDevice kept = new MemoryDevice(Geometry.SUPERBLOCK_REGION);
  private final long size;

  /**
   * @param size bytes, a multiple of 512
   */
  NowhereDevice(long size) {
    this.size = size;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Limits limits() {
    return LIMITS;
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      Request request = batch[i];
      if (request.operation == Operation.FLUSH) {
        request.complete(Errno.OK);
      } else if (request.offset + request.length <= kept.size()) {
        kept.submit(new Request[] {request}, 1);
      } else {
        if (request.operation == Operation.READ) {
          MemorySegment data = request.data;
          data.asSlice(request.dataOffset, request.length).fill((byte) 0);
        }
        request.complete(Errno.OK);
      }
    }
  }

  @Override
  public void close() {
    kept.close();
  }
}
