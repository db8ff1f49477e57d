package writeboost.volume;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import writeboost.effect.Timer;

/**
 * The thread that tells a driver what time it is: ten times a second, and whenever a timer has run
 * out. It sleeps in between.
 */
final class Timekeeper implements Time, AutoCloseable {

  private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(100);

  private record Alarm(Timer timer, long dueNs) {}

  /** A few at the most; guarded by itself. */
  private final List<Alarm> alarms = new ArrayList<>();

  private volatile @Nullable Thread thread;
  private volatile boolean closed;

  /** Once. */
  void begin(Driver driver) {
    Thread keeper = new Thread(() -> keepTime(driver), "writeboost-timer");
    keeper.setDaemon(true);
    thread = keeper;
    keeper.start();
  }

  @Override
  public long nowNs() {
    return System.nanoTime();
  }

  @Override
  public void start(Timer timer) {
    synchronized (alarms) {
      alarms.add(new Alarm(timer, nowNs() + timer.delayNs));
    }
    LockSupport.unpark(thread);
  }

  private void keepTime(Driver driver) {
    long tickNs = nowNs() + TICK_NS;
    while (!closed) {
      long now = nowNs();
      Timer due = takeDue(now);
      if (due != null) {
        driver.elapsed(due);
      } else if (now - tickNs >= 0) {
        driver.tick(now);
        tickNs = now + TICK_NS;
      } else {
        LockSupport.parkNanos(this, Math.min(tickNs - now, firstDueIn(now)));
        Thread.interrupted(); // nobody interrupts this thread; should somebody do, it goes on
      }
    }
  }

  private @Nullable Timer takeDue(long now) {
    synchronized (alarms) {
      for (int i = 0; i < alarms.size(); i++) {
        if (now - alarms.get(i).dueNs >= 0) {
          return alarms.remove(i).timer;
        }
      }
      return null;
    }
  }

  private long firstDueIn(long now) {
    synchronized (alarms) {
      long least = Long.MAX_VALUE;
      for (Alarm alarm : alarms) {
        least = Math.min(least, alarm.dueNs - now);
      }
      return least;
    }
  }

  /** Returns when the driver is told nothing more. Not from its thread. */
  @Override
  public void close() {
    Thread keeper = thread;
    closed = true;
    if (keeper == null) {
      return;
    }
    LockSupport.unpark(keeper);
    try {
      keeper.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
