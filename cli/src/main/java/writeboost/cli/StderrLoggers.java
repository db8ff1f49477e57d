package writeboost.cli;

import java.text.MessageFormat;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * Everything logged goes to stderr, a line each. Any thread. Found by the JDK as a service, and so
 * spares the start of {@code java.util.logging}.
 */
public final class StderrLoggers extends System.LoggerFinder {

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
        print(level, thrown == null ? "" + message : message + ": " + thrown);
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
        print(level, plain ? "" + format : MessageFormat.format(format, arguments));
      }
    }

    private static void print(Level level, String text) {
      String prefix =
          level == Level.INFO ? "" : level.toString().toLowerCase(java.util.Locale.ROOT) + ": ";
      Messages.print(prefix + text);
    }
  }
}
