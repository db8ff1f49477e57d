package writeboost.log;

/** What is to be done every so many seconds: says when. Under the core's lock. */
public final class Interval {

  private static final long NS_PER_SECOND = 1_000_000_000L;

  private long intervalNs;
  private long lastNs;
  private boolean begun;

  /** 0: never. */
  public void setSeconds(int seconds) {
    intervalNs = seconds * NS_PER_SECOND;
  }

  /** True when the time has come, once; {@code nowNs} is monotonic. */
  public boolean isOver(long nowNs) {
    boolean over = begun && intervalNs > 0 && nowNs - lastNs >= intervalNs;
    if (over || !begun || intervalNs == 0) {
      begun = true;
      lastNs = nowNs;
    }
    return over;
  }
}
