package writeboost.nbd;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** The warnings and errors of this package, instead of on the console, until it is closed. */
final class CollectedLog extends Handler implements AutoCloseable {

  private final Logger logger = Logger.getLogger(NbdServer.class.getPackageName());
  private final List<String> lines = new CopyOnWriteArrayList<>();

  CollectedLog() {
    setFormatter(new SimpleFormatter());
    logger.addHandler(this);
    logger.setUseParentHandlers(false);
  }

  /** Waits for the first, and tells all that there are then. */
  List<String> await() {
    while (lines.isEmpty()) {
      Thread.onSpinWait();
    }
    return lines;
  }

  @Override
  public void publish(LogRecord line) {
    if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
      lines.add(getFormatter().formatMessage(line));
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {
    logger.removeHandler(this);
    logger.setUseParentHandlers(true);
  }
}
