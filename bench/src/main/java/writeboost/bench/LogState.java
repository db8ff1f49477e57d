package writeboost.bench;

import java.util.Locale;

/**
 * How full the log of a {@link BenchServer} is; its text is what that prints.
 *
 * @param newestId segment that is filled now
 * @param writtenBackId segments up to this one are free
 * @param segments that the log has room for
 * @param linesPerSegment one line holds one block
 */
record LogState(long newestId, long writtenBackId, long segments, long linesPerSegment) {

  /** The part of the log that is in use. */
  double full() {
    return (double) (newestId - writtenBackId) / segments;
  }

  /** How many times the log has been written from its beginning to its end. */
  double laps() {
    return (double) newestId / segments;
  }

  /** The part of {@code writes}, of a block each, that took no line of their own. */
  double overwrittenInPlace(long writes) {
    return Math.max(0, 1 - (double) newestId * linesPerSegment / writes);
  }

  /** For a reader of the figures, after so many writes of a block each. */
  String describe(long writes) {
    return String.format(
        Locale.ROOT,
        "log %.0f %% full at the end, %.1f %% of the writes in place",
        100 * full(),
        100 * overwrittenInPlace(writes));
  }

  static LogState parse(String line) {
    String[] numbers = line.split(" ", -1);
    return new LogState(
        Long.parseLong(numbers[0]),
        Long.parseLong(numbers[1]),
        Long.parseLong(numbers[2]),
        Long.parseLong(numbers[3]));
  }

  @Override
  public String toString() {
    return newestId + " " + writtenBackId + " " + segments + " " + linesPerSegment;
  }
}
