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

  /** Of the rate of write-back: with less, it is as good as standing still. */
  private static final double GAIN_MIN = 0.05;

  private final Volume volume;
  private final Rates rates;
  private State state = State.NONE;
  private long dirtyAtStart;
  private long loggedAtStart;
  private long writtenBackAtStart;
  private long startNs;

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
    }
    return state;
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
    boolean watched = rate.wholeWindow() && System.nanoTime() - startNs > Rates.WINDOW_NS;
    boolean endless = watched && gain < GAIN_MIN * rate.writtenBack() && now.dirtyLines() > 0;
    json.writeNumberProperty("total_bytes", total * Start.LINE_BYTES);
    json.writeNumberProperty("done_bytes", total * Start.LINE_BYTES - left);
    json.writeNumberProperty("dirty_bytes", now.dirtyLines() * Start.LINE_BYTES);
    json.writeNumberProperty(
        "seconds", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNs));
    json.writeNumberProperty("bytes_per_second", Math.round(rate.writtenBack()));
    json.writeNumberProperty("logged_bytes_per_second", Math.round(rate.logged()));
    json.writeBooleanProperty("ends", !endless);
    if (gain > 0) {
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
