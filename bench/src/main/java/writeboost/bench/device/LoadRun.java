package writeboost.bench.device;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * One {@link Load} on one device for some time, by one thread, which waits as the thread of a
 * connection does: for any answer; then it submits as many requests as were answered, in one batch.
 */
final class LoadRun {

  /**
   * What came of it.
   *
   * @param iops I/Os in a second; a write with its flush is one
   * @param cpuMicros user and system time of this process for one I/O, in microseconds
   */
  record Figures(double iops, double cpuMicros) {}

  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private static final int ALIGNMENT = 4096;

  private final Load load;
  private final BlockDevice device;
  private final SplittableRandom random = new SplittableRandom(1);
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition answered = lock.newCondition();

  /** Answered requests; the first {@link #idleCount}. */
  private final Request[] idle;

  private int idleCount;
  private int failed;
  private long next;

  LoadRun(Load load, BlockDevice device, Arena arena) {
    this.load = load;
    this.device = device;
    idle = new Request[load.depth];
    for (int i = 0; i < load.depth; i++) {
      Request request = new Request(this::completed);
      request.data = arena.allocate(load.bytes, ALIGNMENT).fill((byte) i);
      idle[idleCount++] = request;
    }
  }

  /** Runs on the calling thread. */
  Figures measure(long durationMs) throws IOException {
    long startCpuNs = PROCESS.getProcessCpuTime();
    long startNs = System.nanoTime();
    long endNs = startNs + TimeUnit.MILLISECONDS.toNanos(durationMs);
    Request[] batch = new Request[load.depth];
    long ios = 0;
    while (System.nanoTime() < endNs) {
      int count = take(batch, 1);
      for (int i = 0; i < count; i++) {
        batch[i].set(load.operation, 0, nextOffset(), load.bytes, batch[i].data, 0);
      }
      device.submit(batch, count);
      ios += count;
    }
    take(batch, load.depth);
    double seconds = (System.nanoTime() - startNs) / 1e9;
    double cpuMicros = (PROCESS.getProcessCpuTime() - startCpuNs) / 1e3;
    return new Figures(ios / seconds, cpuMicros / ios);
  }

  /** Waits until at least so many are idle; takes them all. */
  private int take(Request[] batch, int atLeast) throws IOException {
    lock.lock();
    try {
      while (idleCount < atLeast) {
        answered.awaitUninterruptibly();
      }
      if (failed != Errno.OK) {
        throw new IOException(load.title + ": " + Errno.name(failed));
      }
      System.arraycopy(idle, 0, batch, 0, idleCount);
      int count = idleCount;
      idleCount = 0;
      return count;
    } finally {
      lock.unlock();
    }
  }

  private long nextOffset() {
    long places = device.size() / load.bytes;
    return (load.random() ? random.nextLong(places) : next++ % places) * load.bytes;
  }

  private void completed(Request request) {
    if (load.flushed && request.operation != Operation.FLUSH && request.error == Errno.OK) {
      request.operation = Operation.FLUSH;
      request.offset = 0;
      request.length = 0;
      device.submit(new Request[] {request}, 1);
      return;
    }
    lock.lock();
    try {
      failed = Math.max(failed, request.error);
      idle[idleCount++] = request;
      answered.signal();
    } finally {
      lock.unlock();
    }
  }
}
