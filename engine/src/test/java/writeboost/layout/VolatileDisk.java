package writeboost.layout;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * A disk with a volatile cache whose power fails at a given request: of what was not flushed, each
 * sector survives or not as the seed says. One thread.
 */
final class VolatileDisk implements BlockDevice {
  private static final int SECTOR = 512;

  private final byte[] durable;
  private final boolean canZero;
  private final List<Sector> unflushed = new ArrayList<>();
  private int requestsUntilCrash = Integer.MAX_VALUE;
  private int flushesUntilLie = Integer.MAX_VALUE;

  private record Sector(int number, byte[] data) {}

  VolatileDisk(byte[] contents, boolean canZero) {
    this.durable = contents;
    this.canZero = canZero;
  }

  /** The request after so many fails, and all that follow. */
  VolatileDisk crashingAfter(int requests) {
    requestsUntilCrash = requests;
    return this;
  }

  /** The flush after so many is answered and not carried out; so are all that follow. */
  VolatileDisk lyingAfter(int flushes) {
    flushesUntilLie = flushes;
    return this;
  }

  /** What is found when power is back. */
  MemorySegment afterCrash(long seed) {
    // Not java.util.Random: its first bit is the same for all small seeds.
    SplittableRandom random = new SplittableRandom(seed);
    byte[] found = durable.clone();
    for (Sector sector : unflushed) {
      if (random.nextBoolean()) {
        System.arraycopy(sector.data, 0, found, sector.number * SECTOR, SECTOR);
      }
    }
    return MemorySegment.ofArray(found);
  }

  boolean crashed() {
    return requestsUntilCrash < 0;
  }

  @Override
  public long size() {
    return durable.length;
  }

  @Override
  public Limits limits() {
    return new Limits(false, SECTOR, 4096, canZero, false);
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      batch[i].complete(perform(batch[i]));
    }
  }

  private int perform(Request request) {
    if (requestsUntilCrash-- <= 0) {
      requestsUntilCrash = -1;
      return Errno.EIO;
    }
    if (request.operation == Operation.FLUSH) {
      if (flushesUntilLie-- > 0) {
        unflushed.forEach(s -> System.arraycopy(s.data, 0, durable, s.number * SECTOR, SECTOR));
        unflushed.clear();
      }
      return Errno.OK;
    }
    boolean write = request.operation == Operation.WRITE;
    if (!write && !(canZero && request.operation == Operation.WRITE_ZEROES)) {
      return Errno.ENOTSUP;
    }
    for (int at = 0; at < request.length; at += SECTOR) {
      byte[] data = new byte[SECTOR];
      if (write) {
        MemorySegment.copy(
            request.data, ValueLayout.JAVA_BYTE, request.dataOffset + at, data, 0, SECTOR);
      }
      unflushed.add(new Sector((int) ((request.offset + at) / SECTOR), data));
    }
    return Errno.OK;
  }

  @Override
  public void close() {}
}
