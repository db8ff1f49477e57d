package writeboost.cli;

/** Ends a start that somebody wants no more. Unchecked, so that it gets out of progress reports. */
final class StoppedException extends RuntimeException {
  private static final long serialVersionUID = 1;
}
