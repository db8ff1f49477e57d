package writeboost.cli;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Tells the main thread that it is to stop. Before it waits for that, a signal ends the process at
 * once, and what was created so far goes with it.
 */
final class StopSignal {

  static final long LOOK_EVERY_MS = 500;

  private final Devices devices;
  private final AtomicReference<@Nullable Listeners> listeners = new AtomicReference<>();
  private final Semaphore signals = new Semaphore(0);
  private volatile boolean serving;

  private StopSignal(Devices devices) {
    this.devices = devices;
  }

  static StopSignal install(Devices devices) {
    StopSignal stop = new StopSignal(devices);
    Signals.handle(stop::signalled);
    return stop;
  }

  /** To be closed when the start is broken off. */
  void also(Listeners opened) {
    listeners.set(opened);
  }

  private void signalled() {
    if (serving) {
      signals.release();
    } else {
      cleanUp();
      System.err.println("writeboost: stopped before it was ready");
      Runtime.getRuntime().halt(CommandFailure.FAILURE);
    }
  }

  /** Gives back names and locks; once. */
  synchronized void cleanUp() {
    Listeners opened = listeners.getAndSet(null);
    if (opened != null) {
      opened.close();
    }
    devices.close();
  }

  /** True once a signal has come that was not waited for yet. */
  boolean await(long milliseconds) {
    serving = true;
    try {
      return signals.tryAcquire(milliseconds, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}
