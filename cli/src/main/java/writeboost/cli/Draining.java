package writeboost.cli;

import java.util.concurrent.TimeUnit;
import tools.jackson.core.JsonGenerator;
import writeboost.volume.Snapshot;
import writeboost.volume.Start;
import writeboost.volume.Volume;

/**
 * The drain of a served volume: there is one at a time, whoever asks for it joins it, and it goes
 * on when nobody watches. Any thread.
 */
final class Draining {

  /** How one has ended, or that it has not. */
  enum State {
    NONE,
    RUNNING,
    DRAINED,
    CANCELLED,
    /** What is left cannot be written back. */
    STUCK
  }

  /**
   * Shares of the rate of write-back that are left when clients' writes are taken off: with less
   * than the first it is as good as standing still, with more than the second it gets on again.
   */
  private static final double STANDSTILL = 0.05;

  private static final double GETTING_ON = 0.3;

  private final Volume volume;
  private final Rates rates;
  private State state = State.NONE;
  private long dirtyAtStart;
  private long loggedAtStart;
  private long writtenBackAtStart;
  private long startNs;
  private boolean endless;

  Draining(Volume volume, Rates rates) {
    this.volume = volume;
    this.rates = rates;
  }

  /** Begins one, or joins the one that runs. */
  synchronized void start() {
    if (state == State.RUNNING) {
      return;
    }
    Snapshot now = volume.snapshot();
    dirtyAtStart = now.dirtyLines();
    loggedAtStart = Rates.linesLogged(now);
    writtenBackAtStart = now.linesWrittenBack();
    startNs = System.nanoTime();
    endless = false;
    state = State.RUNNING;
    volume.drain();
  }

  /** False if none runs. */
  synchronized boolean cancel() {
    if (state != State.RUNNING) {
      return false;
    }
    end(State.CANCELLED);
    return true;
  }

  private void end(State how) {
    volume.cancelDrain();
    state = how;
    notifyAll();
  }

  /** Waits, for so long at the most, for the end of the one that runs. */
  synchronized State await(long milliseconds) {
    long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
    long leftMs = milliseconds;
    try {
      while (state == State.RUNNING && leftMs > 0) {
        wait(leftMs);
        leftMs = TimeUnit.NANOSECONDS.toMillis(endNs - System.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return state;
  }

  /** Notices the end; to be called now and then, whether anybody watches or not. */
  synchronized State look(Snapshot now) {
    if (state != State.RUNNING) {
      return state;
    }
    if (now.isDrained()) {
      end(State.DRAINED);
    } else if (now.sweptAll()) {
      end(State.STUCK);
    } else {
      weigh(now);
    }
    return state;
  }

  /** Whether clients write so fast that it will not end. */
  private void weigh(Snapshot now) {
    Rates.Now rate = rates.now();
    if (!rate.wholeWindow() || System.nanoTime() - startNs < Rates.WINDOW_NS) {
      return; // too early to tell
    }
    double enough = (endless ? GETTING_ON : STANDSTILL) * rate.writtenBack();
    boolean trouble = !now.backingTrouble().isEmpty() || now.suspended();
    endless = !trouble && rate.logged() > 0 && rate.writtenBack() - rate.logged() < enough;
  }

  /** Writes how far it is. */
  synchronized void write(JsonGenerator json, Snapshot now) {
    json.writeBooleanProperty("running", state == State.RUNNING);
    if (state != State.RUNNING) {
      return;
    }
    Rates.Now rate = rates.now();
    long came = Math.max(0, Rates.linesLogged(now) - loggedAtStart);
    long total = dirtyAtStart + came;
    long done = Math.max(total - now.dirtyLines(), now.linesWrittenBack() - writtenBackAtStart);
    long left = Math.max(0, total - done) * Start.LINE_BYTES;
    double gain = rate.writtenBack() - rate.logged();
    json.writeNumberProperty("total_bytes", total * Start.LINE_BYTES);
    json.writeNumberProperty("done_bytes", total * Start.LINE_BYTES - left);
    json.writeNumberProperty("dirty_bytes", now.dirtyLines() * Start.LINE_BYTES);
    json.writeNumberProperty(
        "seconds", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNs));
    json.writeNumberProperty("bytes_per_second", Math.round(rate.writtenBack()));
    json.writeNumberProperty("logged_bytes_per_second", Math.round(rate.logged()));
    json.writeBooleanProperty("ends", !endless);
    if (gain > 0 && !endless) {
      json.writeNumberProperty("seconds_left", (long) Math.ceil(left / gain));
    }
    if (now.suspended()) {
      json.writeBooleanProperty("suspended", true);
    }
    if (!now.backingTrouble().isEmpty()) {
      json.writeStringProperty("trouble", now.backingTrouble());
    }
  }
}
