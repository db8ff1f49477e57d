package writeboost.nbd;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Room for requests in flight of all connections of a server. Any thread.
 *
 * <p>A connection asks once for each {@link Command} that it makes, and keeps it: so a request in
 * flight costs nothing here.
 */
final class RequestBudget {

  private final int total;
  private final AtomicInteger used = new AtomicInteger();

  RequestBudget(int total) {
    this.total = total;
  }

  /** Whether a connection that has room for {@code own} requests may have room for one more. */
  boolean tryTake(int own) {
    if (own < ServerOptions.GUARANTEED_REQUESTS) {
      return true;
    }
    if (used.incrementAndGet() > total) {
      used.decrementAndGet();
      return false;
    }
    return true;
  }

  /** A connection that had room for {@code own} requests has ended. */
  void giveBack(int own) {
    used.addAndGet(-Math.max(0, own - ServerOptions.GUARANTEED_REQUESTS));
  }

  int used() {
    return used.get();
  }
}
