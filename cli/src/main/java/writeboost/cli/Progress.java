package writeboost.cli;

import java.util.function.LongFunction;

/**
 * How far long work has come, on stderr: a line that is written over and over where stderr is a
 * terminal, otherwise one at the start and one at the end. One thread.
 */
final class Progress {

  private final LiveLine line = new LiveLine();
  private final String what;
  private final long total;
  private final LongFunction<String> format;
  private final long startNs = System.nanoTime();
  private final Runnable check;
  private boolean begun;

  /**
   * @param stop asked with every report
   */
  Progress(String what, long totalBytes, StopSignal stop) {
    this(what, totalBytes, Size::format, stop::check);
  }

  /**
   * @param format an amount of what is done, for people
   * @param check run with every report; may throw to give up
   */
  Progress(String what, long total, LongFunction<String> format, Runnable check) {
    this.what = Messages.oneLine(what);
    this.total = total;
    this.format = format;
    this.check = check;
  }

  /** Throws to give up, if that is wanted. */
  void at(long done) {
    check.run();
    if (!begun && !line.isTerminal()) {
      Messages.print("%s: %s to go".formatted(what, format.apply(total)));
    }
    begun = true;
    if (line.isDue()) {
      double rate = done / seconds();
      long left = rate > 0 ? Math.round((total - done) / rate) : 0;
      line.show(
          "%s: %d %%, %s/s, %d s left"
              .formatted(what, done * 100 / Math.max(1, total), format.apply((long) rate), left));
    }
  }

  private double seconds() {
    return (System.nanoTime() - startNs) / 1e9;
  }

  /** Takes the line away, so that others can write; the next report brings it back. */
  void clear() {
    line.clear();
  }

  void end() {
    clear();
    if (begun) {
      Messages.print("%s: ended after %.1f s".formatted(what, seconds()));
    }
  }
}
