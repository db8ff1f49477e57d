package writeboost.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A line on stderr that is written over and over; only where that is a terminal. One thread. */
final class LiveLine {

  private static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final int STDERR = 2;

  private final PrintStream out = System.err;
  private final boolean terminal = isTerminal(STDERR);
  private long nextNs = System.nanoTime() + INTERVAL_NS;
  private boolean shown;

  boolean isTerminal() {
    return terminal;
  }

  /** Whether it is time to show something new. */
  boolean isDue() {
    return terminal && System.nanoTime() - nextNs >= 0;
  }

  void show(String text) {
    if (terminal) {
      nextNs = System.nanoTime() + INTERVAL_NS;
      shown = true;
      out.print("\rwriteboost: " + Messages.oneLine(text) + " \033[K");
      out.flush();
    }
  }

  /** Takes the line away, so that others can write. */
  void clear() {
    if (shown) {
      out.print("\r\033[K");
      out.flush();
      shown = false;
    }
  }

  /** Of one of the three: {@code System.console()} would ask about several at once. */
  static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException e) {
      return false;
    }
  }
}
