package writeboost.volume;

/**
 * How long the backing device has had something to do for us: for clients' reads, and for nothing
 * but write-back. Any thread; outside the core's lock, and not on the way of requests that the
 * cache serves. Times are monotonic, nanoseconds; the driver has the clock.
 */
final class BackingLoad {

  private int clients;
  private int writeback;
  private long lastNs;
  private long clientsNs;
  private long writebackOnlyNs;

  /** So many requests are handed to the device. */
  synchronized void submitted(int forClients, int forWriteback, long nowNs) {
    pass(nowNs);
    clients += forClients;
    writeback += forWriteback;
  }

  /** One of them is answered. */
  synchronized void answered(boolean forClient, long nowNs) {
    pass(nowNs);
    if (forClient) {
      clients--;
    } else {
      writeback--;
    }
  }

  /** Time up to now in which at least one client's read was with the device. */
  synchronized long clientsNs(long nowNs) {
    pass(nowNs);
    return clientsNs;
  }

  /** Time up to now in which write-back's requests were there, and nobody else's of ours. */
  synchronized long writebackOnlyNs(long nowNs) {
    pass(nowNs);
    return writebackOnlyNs;
  }

  /** Threads read the clock before they get here: one may come with a time that is over. */
  private void pass(long nowNs) {
    long elapsed = Math.max(0, nowNs - lastNs);
    if (clients > 0) {
      clientsNs += elapsed;
    } else if (writeback > 0) {
      writebackOnlyNs += elapsed;
    }
    lastNs = clients + writeback == 0 ? nowNs : lastNs + elapsed;
  }
}
