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

  private static final int PAGE_BYTES = 4096;

  /** Pages that one answer to a question looks into. */
  private static final int PAGES_LOOKED_AT = 2048;

  private static final MemorySegment ZEROES =
      Arena.ofAuto().allocate(PAGE_BYTES, PAGE_BYTES).asReadOnly();

  private static final int LEAST_REGION_SHIFT = 16;
  private static final long REGIONS_MAX = 1 << 20;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;

  /**
   * Regions that have ever been written. A region is marked before anything is written to it, and
   * stays so: who is told of a write finds the mark.
   */
  private final boolean[] written;

  private final int regionShift;

  /**
   * @param size bytes, a multiple of 512
   */
  public MemoryDevice(long size) {
    if (size <= 0 || size % Requests.SECTOR_BYTES != 0) {
      throw new IllegalArgumentException("size must be a positive multiple of 512: " + size);
    }
    try {
      memory = AnonymousMemory.reserve(size, arena);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int shift = LEAST_REGION_SHIFT;
    while (size >>> shift >= REGIONS_MAX) {
      shift++;
    }
    regionShift = shift;
    written = new boolean[(int) (size - 1 >>> shift) + 1];
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
  public boolean canZeroFast() {
    return true;
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
      case WRITE -> write(request);
      case WRITE_ZEROES, TRIM -> zero(memory, request.offset, request.length);
      case FLUSH -> {}
    }
    return Errno.OK;
  }

  private void write(Request request) {
    if (request.length == 0) {
      return;
    }
    int last = region(request.offset + request.length - 1);
    for (int i = region(request.offset); i <= last; i++) {
      if (!written[i]) {
        written[i] = true;
      }
    }
    MemorySegment.copy(request.data, request.dataOffset, memory, request.offset, request.length);
  }

  private int region(long offset) {
    return (int) (offset >>> regionShift);
  }

  /**
   * Zeroes a range of {@link AnonymousMemory#reserve}d memory, and gives the RAM under whole pages
   * back.
   */
  static void zero(MemorySegment reserved, long offset, long length) {
    long end = offset + length;
    long from = Math.min(offset + PAGE_BYTES - 1 & -PAGE_BYTES, end);
    long to = Math.max(end & -PAGE_BYTES, from);
    reserved.asSlice(offset, from - offset).fill((byte) 0);
    reserved.asSlice(to, end - to).fill((byte) 0);
    if (to > from && !AnonymousMemory.discard(reserved.asSlice(from, to - from))) {
      reserved.asSlice(from, to - from).fill((byte) 0);
    }
  }

  /**
   * Regions that were never written are holes. Of others it looks whether there are zeroes, in so
   * many pages; there the answer ends.
   */
  @Override
  public void describe(Extents extents) {
    int error = Requests.check(extents, memory.byteSize());
    if (error == Errno.OK && !arena.scope().isAlive()) {
      error = Errno.ESHUTDOWN;
    }
    int pages = 0;
    boolean more = error == Errno.OK;
    while (more && pages < PAGES_LOOKED_AT) {
      long at = extents.offset + extents.described();
      int region = region(at);
      if (!written[region]) {
        long end = region + 1L << regionShift;
        more = extents.add(end - at, Extents.HOLE | Extents.ZERO);
      } else {
        long end = Math.min((at | PAGE_BYTES - 1) + 1, extents.offset + extents.length);
        more = extents.add(end - at, isZero(at, end) ? Extents.ZERO : 0);
        pages++;
      }
    }
    extents.complete(error);
  }

  private boolean isZero(long from, long to) {
    return MemorySegment.mismatch(memory, from, to, ZEROES, 0, to - from) < 0;
  }

  /** Frees the memory: what was written is gone. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
