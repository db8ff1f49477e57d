package writeboost.volume;

import java.util.TreeSet;
import writeboost.index.LineTable;
import writeboost.log.Log;

/**
 * Dirty lines that clients' reads have found damaged, or could not read: nothing else has what was
 * in them. Each stays here until it can be read, or is not needed any more because something newer
 * is durable or the backing device has it. Under the core's lock.
 */
final class UnreadLines {

  /** More are not told apart. */
  private static final int MAX = 1000;

  private final Log log;

  /** By their positions in the log. */
  private final TreeSet<Long> positions = new TreeSet<>();

  UnreadLines(Log log) {
    this.log = log;
  }

  void add(long line) {
    if (positions.size() < MAX) {
      positions.add(log.ring.positionOfLine(line));
    }
  }

  /** The line, which is in the log, has been read. */
  void wasRead(long line) {
    if (!isEmpty()) {
      positions.remove(log.ring.positionOfLine(line));
    }
  }

  boolean isEmpty() {
    return positions.isEmpty();
  }

  /** How many there are; lets go of those that are not needed any more. */
  int count() {
    if (!isEmpty()) {
      positions.removeIf(position -> !isNeeded(position));
    }
    return positions.size();
  }

  private boolean isNeeded(long position) {
    return log.ring.isPresent(position) && log.table.has(log.ring.line(position), LineTable.DIRTY);
  }
}
