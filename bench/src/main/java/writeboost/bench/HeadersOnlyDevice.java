package writeboost.bench;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Geometry;

/**
 * A cache device that keeps superblock and headers, and of the lines nothing: they read as zeroes,
 * and nobody should write anything else. Any thread; requests complete inside {@link #submit}.
 */
final class HeadersOnlyDevice implements BlockDevice {

  private final Blocking kept;
  private final Geometry geometry;

  /**
   * @param kept has what is kept, in its place; the caller closes it
   */
  HeadersOnlyDevice(BlockDevice kept, Geometry geometry) {
    this.kept = new Blocking(kept, "headers");
    this.geometry = geometry;
  }

  @Override
  public long size() {
    return kept.device().size();
  }

  @Override
  public Limits limits() {
    return kept.device().limits();
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      Request request = batch[i];
      int error = Errno.OK;
      try {
        perform(request);
      } catch (IOException e) {
        error = Errno.EIO;
      }
      request.complete(error);
    }
  }

  private void perform(Request request) throws IOException {
    switch (request.operation) {
      case READ, WRITE -> transfer(request);
      case WRITE_ZEROES -> kept.writeZeroes(request.offset, request.length, request.flags);
      case TRIM, FLUSH -> {} // nothing of it outlives the process
    }
  }

  private void transfer(Request request) throws IOException {
    long end = request.offset + request.length;
    if (request.offset < Geometry.SUPERBLOCK_REGION) {
      transfer(request, request.offset, request.length);
      return;
    }
    if (request.operation == Operation.READ) {
      MemorySegment data = request.data.asSlice(request.dataOffset, request.length);
      data.fill((byte) 0);
    }
    long behind = request.offset - Geometry.SUPERBLOCK_REGION;
    long segment = geometry.segmentBytes();
    long header = Geometry.SUPERBLOCK_REGION + Math.ceilDiv(behind, segment) * segment;
    for (; header + Geometry.BLOCK <= end; header += segment) {
      transfer(request, header, Geometry.BLOCK);
    }
  }

  private void transfer(Request request, long offset, long length) throws IOException {
    long dataOffset = request.dataOffset + offset - request.offset;
    if (request.operation == Operation.READ) {
      kept.read(offset, request.data, dataOffset, length);
    } else {
      kept.write(offset, request.data, dataOffset, length);
    }
  }

  @Override
  public void close() {}
}
