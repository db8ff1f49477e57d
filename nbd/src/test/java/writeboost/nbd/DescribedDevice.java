package writeboost.nbd;

import java.util.ArrayList;
import java.util.List;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Limits;
import writeboost.device.MemoryDevice;
import writeboost.device.Request;

/** A disk in RAM that knows which ranges are zeroes, in units of 4 KiB: those that a test names. */
final class DescribedDevice implements BlockDevice {

  static final int UNIT = 4096;

  private final MemoryDevice behind = new MemoryDevice(Served.SIZE);
  private final boolean[] zeroes = new boolean[Served.SIZE / UNIT];

  /** Questions that are answered only when the test says so, if it wants that. */
  final List<Extents> held = new ArrayList<>();

  boolean holding;
  boolean rotates;
  int error;
  long prefetched;
  int prefetches;

  void zero(long offset, long length) {
    for (int unit = 0; unit < length / UNIT; unit++) {
      zeroes[(int) (offset / UNIT) + unit] = true;
    }
  }

  @Override
  public void describe(Extents extents) {
    synchronized (held) {
      if (holding) {
        held.add(extents);
        held.notifyAll();
        return;
      }
    }
    answer(extents);
  }

  void answer(Extents extents) {
    long at = extents.offset;
    boolean more = true;
    while (more) {
      long unitEnd = (at / UNIT + 1) * UNIT;
      int state = zeroes[(int) (at / UNIT)] ? Extents.HOLE | Extents.ZERO : 0;
      more = extents.add(unitEnd - at, state);
      at = unitEnd;
    }
    extents.complete(error);
  }

  void awaitHeld(int count) throws InterruptedException {
    synchronized (held) {
      while (held.size() < count) {
        held.wait(10_000);
      }
    }
  }

  @Override
  public long size() {
    return behind.size();
  }

  @Override
  public Limits limits() {
    return behind.limits();
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      if (batch[i].zeroes != null) {
        noteZeroes(batch[i]);
      }
    }
    if (error == Errno.OK) {
      behind.submit(batch, count);
    } else {
      for (int i = 0; i < count; i++) {
        batch[i].complete(error);
      }
    }
  }

  private void noteZeroes(Request request) {
    long end = request.offset + request.length;
    for (long at = request.offset; at < end; at = (at / UNIT + 1) * UNIT) {
      if (zeroes[(int) (at / UNIT)]) {
        request.zeroes.add(at, Math.min((at / UNIT + 1) * UNIT, end) - at);
      }
    }
  }

  @Override
  public void prefetch(long offset, long length) {
    prefetched += length;
    prefetches++;
  }

  @Override
  public boolean canZeroFast() {
    return behind.canZeroFast();
  }

  @Override
  public boolean rotational() {
    return rotates;
  }

  @Override
  public void close() {
    behind.close();
  }
}
