package writeboost.cli;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/**
 * How far long work has come, on stderr: a line that is written over and over where stderr is a
 * terminal, nothing otherwise. One thread.
 */
final class Progress {

  private static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(200);

  private final PrintStream out;
  private final boolean terminal;
  private final String what;
  private final long totalBytes;
  private final long startNs = System.nanoTime();
  private long nextNs = startNs + INTERVAL_NS;
  private boolean shown;

  Progress(String what, long totalBytes) {
    this.out = System.err;
    this.terminal = System.console() != null && System.console().isTerminal();
    this.what = what;
    this.totalBytes = totalBytes;
  }

  void at(long doneBytes) {
    long now = System.nanoTime();
    if (!terminal || now < nextNs) {
      return;
    }
    nextNs = now + INTERVAL_NS;
    shown = true;
    double seconds = (now - startNs) / 1e9;
    double rate = doneBytes / seconds;
    long left = rate > 0 ? Math.round((totalBytes - doneBytes) / rate) : 0;
    out.printf(
        "\rwriteboost: %s: %d %%, %s/s, %d s left \033[K",
        what, doneBytes * 100 / Math.max(1, totalBytes), Size.format((long) rate), left);
    out.flush();
  }

  void end() {
    if (shown) {
      out.print("\r\033[K");
      out.flush();
    }
  }
}
