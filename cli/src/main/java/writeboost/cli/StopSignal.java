package writeboost.cli;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Tells the main thread that it is to stop. Any thread.
 *
 * <p>A start looks for it between its steps, so that it can take back what it has begun; what it is
 * too busy to notice is ended by a second signal.
 */
final class StopSignal {

  static final long LOOK_EVERY_MS = 500;

  private final Semaphore signals = new Semaphore(0);
  private volatile boolean serving;

  static StopSignal install() {
    StopSignal stop = new StopSignal();
    Signals.handle(stop::signalled);
    return stop;
  }

  private void signalled() {
    signals.release();
    if (!serving && signals.availablePermits() > 1) {
      Messages.print("stopped at once, before it was ready");
      Runtime.getRuntime().halt(CommandFailure.FAILURE);
    }
  }

  /** Stops as a signal does that comes from outside. */
  void request() {
    signals.release();
  }

  /** Ends a start that is not wanted any more. */
  void check() {
    if (signals.availablePermits() > 0) {
      throw new StoppedException();
    }
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
