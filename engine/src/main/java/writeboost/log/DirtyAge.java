package writeboost.log;

import writeboost.index.LineTable;

/**
 * How long the oldest dirty line has been dirty. Under the core's lock; works when time passes, not
 * when lines are taken: it notes how far the log had come at which time.
 *
 * <p>What was dirty at the start counts from there. The longer ago, the coarser: by a hundredth or
 * so.
 */
public final class DirtyAge {

  /** Of an age that there is not. */
  public static final long NOTHING_DIRTY = -1;

  private static final int NOTES = 256;

  /** Not more than this under the lock at once; the next tick goes on. */
  private static final int LINES_AT_ONCE = 16_384;

  private static final long NS_PER_SECOND = 1_000_000_000L;

  private final Log log;

  /** Everything before this position is clean for good. */
  private long oldest;

  /** Each: at this time the log ended here. Both ascend. */
  private final long[] ends = new long[NOTES];

  private final long[] timesNs = new long[NOTES];
  private int count;
  private long nowNs;

  public DirtyAge(Log log) {
    this.log = log;
    oldest = log.ring.position(log.ring.writtenBackId() + 1, 0);
  }

  /** {@code now} is monotonic, nanoseconds. */
  public void tick(long now) {
    nowNs = now;
    skipClean();
    forget();
    note();
  }

  /** Lines never become dirty again, so this walks over each of them once. */
  private void skipClean() {
    oldest = Math.max(oldest, log.ring.position(log.ring.writtenBackId() + 1, 0));
    long end = log.end();
    for (int i = 0; i < LINES_AT_ONCE && oldest < end; i++) {
      long id = log.ring.idOf(oldest);
      if (log.ring.indexOf(oldest) >= log.ring.length(id)) {
        oldest = log.ring.position(id + 1, 0);
      } else if (log.table.has(log.ring.line(oldest), LineTable.DIRTY)) {
        return;
      } else {
        oldest++;
      }
    }
  }

  /** Of the notes that are older than the oldest line, the newest one says all. */
  private void forget() {
    int over = 0;
    while (over + 1 < count && ends[over + 1] <= oldest) {
      over++;
    }
    System.arraycopy(ends, over, ends, 0, count - over);
    System.arraycopy(timesNs, over, timesNs, 0, count - over);
    count -= over;
  }

  private void note() {
    long end = log.end();
    if (count > 0 && ends[count - 1] == end && (count > 1 || oldest >= end)) {
      timesNs[count - 1] = nowNs; // nothing has come since: what comes now is younger
      return;
    }
    if (count > 0 && nowNs - timesNs[count - 1] < NS_PER_SECOND) {
      return;
    }
    if (count == NOTES) {
      for (int i = 0; i < NOTES / 2; i++) {
        ends[i] = ends[2 * i];
        timesNs[i] = timesNs[2 * i];
      }
      count = NOTES / 2;
    }
    ends[count] = end;
    timesNs[count++] = nowNs;
  }

  /** Whole seconds at the last tick, at the most; {@link #NOTHING_DIRTY} where nothing is dirty. */
  public long seconds() {
    if (log.dirtyLines() == 0) {
      return NOTHING_DIRTY;
    }
    return count == 0 ? 0 : Math.max(0, nowNs - timesNs[0]) / NS_PER_SECOND;
  }
}
