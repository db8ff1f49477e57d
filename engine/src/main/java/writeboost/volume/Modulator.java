package writeboost.volume;

/**
 * Decides, by how busy the backing device is with others, whether background write-back may run.
 * Pure: time and load come in by {@link #sample}. Under the core's lock.
 *
 * <p>It stops write-back at the threshold and lets it run again only a tenth below, so that a load
 * near the threshold does not switch it on and off. Before the first two samples no load is known:
 * then it may run. Write-back's own share does not count, or it would stop itself.
 */
final class Modulator {

  /** What is given as a busy time where nobody knows any. */
  static final long UNKNOWN = -1;

  private static final int PERCENT = 100;

  private int threshold = Tunable.MIGRATE_THRESHOLD.standard();
  private boolean allowing = true;
  private int load = (int) UNKNOWN;

  private boolean begun;
  private long lastNs;
  private long lastBusyNs;
  private long lastOwnNs;

  /**
   * From which load on write-back stops.
   *
   * @param newThreshold percent, 0 to 100; 0: it never runs by itself
   */
  void setThreshold(int newThreshold) {
    threshold = newThreshold;
    decide();
  }

  /**
   * How busy the device has been until now. The load is that of the time since the last sample; a
   * counter that has gone backwards (it wrapped, or the device is another one) says nothing of it.
   *
   * @param nowNs monotonic
   * @param busyNs time in which it has been busy so far, or {@link #UNKNOWN}
   * @param ownNs time of that in which it had nothing but requests of write-back
   */
  void sample(long nowNs, long busyNs, long ownNs) {
    long windowNs = nowNs - lastNs;
    long busy = busyNs - lastBusyNs;
    long own = ownNs - lastOwnNs;
    boolean comparable = begun && busyNs >= 0 && windowNs > 0 && busy >= 0 && own >= 0;
    begun = busyNs >= 0;
    lastNs = nowNs;
    lastBusyNs = busyNs;
    lastOwnNs = ownNs;
    if (comparable) {
      long others = Math.clamp(busy - own, 0, windowNs);
      load = (int) Math.round((double) PERCENT * others / windowNs);
      decide();
    }
  }

  private void decide() {
    int low = threshold - Math.max(1, threshold / 10);
    if (load >= threshold || threshold == 0) {
      allowing = false;
    } else if (load <= low) {
      allowing = true;
    }
  }

  /** Whether background write-back may run. */
  boolean allows() {
    return allowing;
  }

  /**
   * How busy the device was with others than write-back when it was last looked at: percent, or
   * {@link #UNKNOWN}.
   */
  int load() {
    return load;
  }
}
