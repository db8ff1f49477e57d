package writeboost.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Log lines: one each, on stderr, under the program's name. */
final class LogFormat extends Formatter {

  static final boolean DEBUG = "1".equals(System.getenv("WRITEBOOST_DEBUG"));

  /** Makes every logger of the process write like this. */
  static void install() {
    Logger root = Logger.getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    ConsoleHandler console = new ConsoleHandler();
    console.setFormatter(new LogFormat());
    console.setLevel(Level.ALL);
    root.addHandler(console);
    root.setLevel(DEBUG ? Level.FINE : Level.INFO);
  }

  @Override
  public String format(LogRecord record) {
    String line = "writeboost: " + formatMessage(record);
    @Nullable Throwable thrown = record.getThrown();
    if (thrown == null) {
      return line + System.lineSeparator();
    }
    if (!DEBUG) {
      return line + ": " + thrown + System.lineSeparator();
    }
    StringWriter trace = new StringWriter();
    thrown.printStackTrace(new PrintWriter(trace, true));
    return line + System.lineSeparator() + trace;
  }
}
