package writeboost.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;

/**
 * How far long work has come, on stderr: a line that is written over and over where stderr is a
 * terminal, otherwise one at the start and one at the end. One thread.
 */
final class Progress {

  private static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(200);

  private final PrintStream out;
  private final boolean terminal;
  private final String what;
  private final long total;
  private final LongFunction<String> format;
  private final long startNs = System.nanoTime();
  private long nextNs = startNs + INTERVAL_NS;
  private final Runnable check;
  private boolean begun;
  private boolean shown;

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
    this.out = System.err;
    this.terminal = isTerminal();
    this.what = Messages.oneLine(what);
    this.total = total;
    this.format = format;
    this.check = check;
  }

  /** Throws to give up, if that is wanted. */
  void at(long done) {
    check.run();
    if (!begun && !terminal) {
      Messages.print("%s: %s to go".formatted(what, format.apply(total)));
    }
    begun = true;
    long now = System.nanoTime();
    if (!terminal || now < nextNs) {
      return;
    }
    nextNs = now + INTERVAL_NS;
    shown = true;
    double seconds = (now - startNs) / 1e9;
    double rate = done / seconds;
    long left = rate > 0 ? Math.round((total - done) / rate) : 0;
    out.printf(
        "\rwriteboost: %s: %d %%, %s/s, %d s left \033[K",
        what, done * 100 / Math.max(1, total), format.apply((long) rate), left);
    out.flush();
  }

  /** Takes the line away, so that others can write; the next report brings it back. */
  void clear() {
    if (shown) {
      out.print("\r\033[K");
      out.flush();
      shown = false;
    }
  }

  void end() {
    clear();
    if (begun) {
      double seconds = (System.nanoTime() - startNs) / 1e9;
      Messages.print("%s: ended after %.1f s".formatted(what, seconds));
    }
  }

  /** Of stderr: {@code System.console()} would ask stdin and stdout. */
  static boolean isTerminal() {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException e) {
      return false;
    }
  }
}
