package writeboost.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A disk in RAM, outside the heap, that uses RAM only where it has been written. Any thread;
 * requests complete inside {@link #submit}. Overlapping requests of different threads may mix.
 */
public final class MemoryDevice implements BlockDevice {
  private static final Limits LIMITS =
      new Limits(false, Requests.SECTOR_BYTES, 4096, /* canZero= */ true, /* canTrim= */ true);

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;

  /**
   * @param size bytes, a multiple of 512
   */
  public MemoryDevice(long size) {
    if (size <= 0 || size % Requests.SECTOR_BYTES != 0) {
      throw new IllegalArgumentException("size must be a positive multiple of 512: " + size);
    }
    try {
      memory = Posix.reserve(size, arena);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public long size() {
    return memory.byteSize();
  }

  @Override
  public Limits limits() {
    return LIMITS;
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      Request request = batch[i];
      request.complete(perform(request));
    }
  }

  private int perform(Request request) {
    int error = Requests.check(request, memory.byteSize(), false);
    if (error != Errno.OK) {
      return error;
    }
    if (!arena.scope().isAlive()) {
      return Errno.ESHUTDOWN;
    }
    switch (request.operation) {
      case READ ->
          MemorySegment.copy(
              memory, request.offset, request.data, request.dataOffset, request.length);
      case WRITE ->
          MemorySegment.copy(
              request.data, request.dataOffset, memory, request.offset, request.length);
      case WRITE_ZEROES, TRIM -> Posix.zero(memory, request.offset, request.length);
      case FLUSH -> {}
    }
    return Errno.OK;
  }

  /** Frees the memory: what was written is gone. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
