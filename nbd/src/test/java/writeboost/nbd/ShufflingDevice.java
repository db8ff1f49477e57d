package writeboost.nbd;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import writeboost.device.BlockDevice;
import writeboost.device.Limits;
import writeboost.device.Request;

/** Carries requests out on threads of its own, in random order; a few at once inside submit. */
final class ShufflingDevice implements BlockDevice {

  private final BlockDevice behind;
  private final Random random;
  private final List<Request> waiting = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private boolean closed;

  ShufflingDevice(BlockDevice behind, long seed, int threadCount) {
    this.behind = behind;
    this.random = new Random(seed);
    for (int i = 0; i < threadCount; i++) {
      threads.add(Thread.ofPlatform().daemon().name("shuffling device").start(this::work));
    }
  }

  private void work() {
    Request[] one = new Request[1];
    while ((one[0] = next()) != null) {
      behind.submit(one, 1);
    }
  }

  private synchronized Request next() {
    while (waiting.isEmpty()) {
      if (closed) {
        return null;
      }
      try {
        wait();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    return waiting.remove(random.nextInt(waiting.size()));
  }

  @Override
  public void submit(Request[] batch, int count) {
    Request[] now = new Request[count];
    int nowCount = 0;
    synchronized (this) {
      for (int i = 0; i < count; i++) {
        if (random.nextInt(4) == 0) {
          now[nowCount++] = batch[i];
        } else {
          waiting.add(batch[i]);
        }
      }
      notifyAll();
    }
    behind.submit(now, nowCount);
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
  public boolean canZeroFast() {
    return behind.canZeroFast();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    behind.close();
  }
}
