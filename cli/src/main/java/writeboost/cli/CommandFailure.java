package writeboost.cli;

/** A command that cannot go on: one line that says what, which device, and what to do. */
final class CommandFailure extends Exception {
  private static final long serialVersionUID = 1;

  static final int FAILURE = 1;
  static final int USAGE = 2;

  private final String line;
  private final int exitCode;

  private CommandFailure(String line, int exitCode) {
    super(line);
    this.line = line;
    this.exitCode = exitCode;
  }

  /** The world is not as it must be. */
  static CommandFailure failure(String message) {
    return new CommandFailure(message, FAILURE);
  }

  /** The command line is not as it must be. */
  static CommandFailure usage(String message) {
    return new CommandFailure(message, USAGE);
  }

  /** What to tell the user. */
  String line() {
    return line;
  }

  int exitCode() {
    return exitCode;
  }
}
