package writeboost.cli;

/** Lines for people, on stderr: stdout belongs to what scripts read. Any thread. */
final class Messages {
  /** Shows stack traces: for who looks for a fault in writeboost itself. */
  static final boolean DEBUG =
      "1".equals(System.getenv("WRITEBOOST_DEBUG")) || Boolean.getBoolean("writeboost.debug");

  private static final String PREFIX = "writeboost: ";

  private Messages() {}

  /** One line, whatever is in {@code text}: a file's name may hold anything. */
  static void print(String text) {
    System.err.println(PREFIX + oneLine(text));
  }

  static String oneLine(String text) {
    StringBuilder line = new StringBuilder(text.length());
    text.codePoints().map(c -> Character.isISOControl(c) ? ' ' : c).forEach(line::appendCodePoint);
    return line.toString();
  }
}
