package writeboost.fuzz;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Geometry;

/**
 * A disk in RAM that can be put back to what it was: one image serves any number of runs. Answers
 * inside {@code submit}; one thread.
 */
final class ScratchDevice implements BlockDevice {

  /** No run of so small a volume needs so many by far: something goes on for ever. */
  private static final long REQUESTS_MAX = 200_000;

  final MemorySegment memory;
  private final MemorySegment original;
  private final BitSet changed = new BitSet();
  private long size;
  private long requests;

  /** A disk of zeroes. */
  ScratchDevice(long size) {
    this.size = size;
    memory = Arena.ofAuto().allocate(size, Geometry.BLOCK);
    original = Arena.ofAuto().allocate(size, Geometry.BLOCK);
  }

  /** What is there now is what {@link #restore} brings back. */
  void keep() {
    original.copyFrom(memory);
    changed.clear();
  }

  void restore() {
    for (int i = changed.nextSetBit(0); i >= 0; i = changed.nextSetBit(i + 1)) {
      long at = (long) i * Geometry.BLOCK;
      long bytes = Math.min(Geometry.BLOCK, memory.byteSize() - at);
      MemorySegment.copy(original, at, memory, at, bytes);
    }
    changed.clear();
    size = memory.byteSize();
    requests = 0;
  }

  /** The next change is to these bytes. */
  void touch(long offset, long bytes) {
    changed.set((int) (offset / Geometry.BLOCK), (int) ((offset + bytes - 1) / Geometry.BLOCK) + 1);
  }

  void truncate(long newSize) {
    size = newSize;
  }

  boolean isUnchanged(long offset, long bytes) {
    return MemorySegment.mismatch(memory, offset, offset + bytes, original, offset, offset + bytes)
        < 0;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Limits limits() {
    return new Limits(false, Geometry.SECTOR, Geometry.BLOCK, true, true);
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      Request request = batch[i];
      request.complete(perform(request));
    }
  }

  private int perform(Request request) {
    if (++requests > REQUESTS_MAX) {
      throw new AssertionError("it goes on for ever: " + request);
    }
    if (request.operation == Operation.FLUSH) {
      return Errno.OK;
    }
    boolean inside =
        request.offset >= 0 && request.length >= 0 && request.offset <= size - request.length;
    if (!inside || (request.offset | request.length) % Geometry.SECTOR != 0) {
      return Errno.EINVAL;
    }
    if (request.length == 0) {
      return Errno.OK;
    }
    switch (request.operation) {
      case READ ->
          MemorySegment.copy(
              memory, request.offset, request.data, request.dataOffset, request.length);
      case WRITE -> {
        touch(request.offset, request.length);
        MemorySegment.copy(
            request.data, request.dataOffset, memory, request.offset, request.length);
      }
      case WRITE_ZEROES, TRIM -> {
        touch(request.offset, request.length);
        memory.asSlice(request.offset, request.length).fill((byte) 0);
      }
      case FLUSH -> {}
    }
    return Errno.OK;
  }

  @Override
  public void close() {}
}
