package writeboost.cli;

import java.text.MessageFormat;
import java.util.ResourceBundle;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Everything logged goes to stderr, a line each. Any thread. Found by the JDK as a service, and so
 * spares the start of {@code java.util.logging}.
 */
public final class StderrLoggers extends System.LoggerFinder {

  /** Who logs what clients do, as fast as these like. */
  private static final String OF_CLIENTS = "writeboost.nbd";

  private static final LineLimit LIMIT =
      new LineLimit(System::nanoTime, StderrLoggers::afterWindow, Messages::print);

  private static void afterWindow(Runnable task) {
    CompletableFuture.delayedExecutor(LineLimit.WINDOW_NS, TimeUnit.NANOSECONDS).execute(task);
  }

  @Override
  public System.Logger getLogger(String name, Module module) {
    return new StderrLogger(name);
  }

  private record StderrLogger(String name) implements System.Logger {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      Level least = Messages.DEBUG ? Level.DEBUG : Level.INFO;
      return level.getSeverity() >= least.getSeverity() && level != Level.OFF;
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String message,
        @Nullable Throwable thrown) {
      if (isLoggable(level)) {
        Messages.print(line(level, thrown == null ? "" + message : message + ": " + thrown));
        if (thrown != null && Messages.DEBUG) {
          thrown.printStackTrace(System.err);
        }
      }
    }

    @Override
    public void log(
        Level level,
        @Nullable ResourceBundle bundle,
        @Nullable String format,
        @Nullable Object @Nullable ... arguments) {
      if (isLoggable(level)) {
        boolean plain = format == null || arguments == null || arguments.length == 0;
        String text = plain ? "" + format : MessageFormat.format(format, arguments);
        if (level == Level.WARNING && name.equals(OF_CLIENTS)) {
          LIMIT.print("" + format, line(level, text));
        } else {
          Messages.print(line(level, text));
        }
      }
    }

    private static String line(Level level, String text) {
      String prefix =
          level == Level.INFO ? "" : level.toString().toLowerCase(java.util.Locale.ROOT) + ": ";
      return prefix + text;
    }
  }
}
