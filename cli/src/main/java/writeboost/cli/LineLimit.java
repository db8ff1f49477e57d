package writeboost.cli;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Holds back lines of one kind that come too fast, and says at the end of some seconds how many
 * they were: strangers who try to connect must not fill a disk with what is logged of them. Any
 * thread.
 */
final class LineLimit {

  /** Lines of a kind in a window of time. */
  static final int LINES = 5;

  static final long WINDOW_NS = TimeUnit.SECONDS.toNanos(5);

  private final LongSupplier nowNs;
  private final Consumer<Runnable> afterWindow;
  private final Consumer<String> out;
  private final Map<String, Kind> kinds = new HashMap<>();

  private static final class Kind {
    long beganNs;
    int lines;
  }

  /**
   * @param nowNs monotonic
   * @param afterWindow runs something {@link #WINDOW_NS} later
   * @param out where lines go
   */
  LineLimit(LongSupplier nowNs, Consumer<Runnable> afterWindow, Consumer<String> out) {
    this.nowNs = nowNs;
    this.afterWindow = afterWindow;
    this.out = out;
  }

  /**
   * Prints {@code line}, now or not at all.
   *
   * @param kind one of a few
   */
  void print(String kind, String line) {
    if (admits(kind, line)) {
      out.accept(line);
    }
  }

  private synchronized boolean admits(String kindName, String line) {
    Kind kind = kinds.computeIfAbsent(kindName, unused -> new Kind());
    long now = nowNs.getAsLong();
    if (kind.lines <= LINES && (kind.lines == 0 || now - kind.beganNs > WINDOW_NS)) {
      kind.beganNs = now;
      kind.lines = 0;
    }
    kind.lines++;
    if (kind.lines == LINES + 1) {
      afterWindow.accept(() -> endWindow(kind, line));
    }
    return kind.lines <= LINES;
  }

  private void endWindow(Kind kind, String first) {
    int more;
    synchronized (this) {
      more = kind.lines - LINES;
      kind.lines = 0;
    }
    out.accept("%s (and %d more like this)".formatted(first, more - 1));
  }
}
