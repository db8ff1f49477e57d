package writeboost.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What the control socket's {@code stop} and the main thread have to tell each other. */
final class StopRequest {

  private final StopSignal signal;
  private final CompletableFuture<Stop.Result> result = new CompletableFuture<>();
  private boolean requested;
  private boolean drains;
  private int waiting;

  StopRequest(StopSignal signal) {
    this.signal = signal;
  }

  /**
   * Stops the server as a signal does, and waits for the end; {@link #told} has to follow. A second
   * request is the same one, and no second signal.
   *
   * @param drain what clients write until they are cut off is written back, too
   */
  Stop.Result request(boolean drain) {
    synchronized (this) {
      waiting++;
      drains |= drain;
      if (!requested) {
        requested = true;
        signal.request();
      }
    }
    return result.join();
  }

  synchronized boolean drains() {
    return drains;
  }

  /** Who has waited knows now, and has told its client. */
  synchronized void told() {
    waiting--;
    notifyAll();
  }

  /** Tells those who wait how it ended, and gives them so much time to tell their clients. */
  synchronized void ended(Stop.Result how, long milliseconds) {
    result.complete(how);
    long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
    long leftMs = milliseconds;
    try {
      while (waiting > 0 && leftMs > 0) {
        wait(leftMs);
        leftMs = TimeUnit.NANOSECONDS.toMillis(endNs - System.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
