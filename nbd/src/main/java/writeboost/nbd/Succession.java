package writeboost.nbd;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.TimeUnit;
import writeboost.device.BlockDevice;

/**
 * A connection that has not been asked for anything yet, and those that may be gone: nothing that
 * clients who are gone had asked for may change the device any more when its first request is
 * looked at. One of them may be the newcomer's client, who repeats now what was not answered then;
 * what it writes after that must not be overwritten by a request of its old connection. That may
 * not have been read yet: who is gone is found out by asking all others. Those may wait for the
 * same, and go on answering meanwhile. The newcomer's thread.
 */
final class Succession {

  private static final System.Logger LOG = System.getLogger(Succession.class.getPackageName());

  /** So often a newcomer that waits looks at its own client. */
  private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Connection newcomer;
  private final List<Connection> others;
  private final BlockDevice device;
  private final long timeoutNs;
  private final long beginNs = System.nanoTime();

  /** Looks whether the newcomer's client is there, and answers for it. */
  @FunctionalInterface
  interface Look {
    void look() throws IOException;
  }

  /**
   * @param others all that are open
   * @param timeoutNs for all of them together
   */
  Succession(Connection newcomer, List<Connection> others, BlockDevice device, long timeoutNs) {
    this.newcomer = newcomer;
    this.others = others;
    this.device = device;
    this.timeoutNs = timeoutNs;
  }

  /**
   * Waits for all who are gone; false if that takes too long.
   *
   * @param own done now and then meanwhile
   */
  boolean await(Look own) throws IOException {
    long[] questions = others.stream().mapToLong(Connection::ask).toArray();
    try {
      for (int i = 0; i < questions.length; i++) {
        if (!await(others.get(i), questions[i], own)) {
          return false;
        }
      }
      return true;
    } catch (InterruptedException e) { // nobody interrupts connections
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean await(Connection other, long question, Look own)
      throws IOException, InterruptedException {
    while (!other.awaitChangesIfGone(device, question, LOOK_NS)) {
      own.look();
      long waitedNs = System.nanoTime() - beginNs;
      if (other.isBehind(newcomer, waitedNs)) {
        return true;
      }
      others.forEach(Connection::watchTurn); // all at once, or each would take its second
      if (waitedNs >= timeoutNs) {
        LOG.log(
            Level.WARNING,
            "NBD client {0} was turned away: {1} may be gone, and what it had asked for not yet"
                + " carried out",
            newcomer.peer(),
            other.peer());
        return false;
      }
    }
    return true;
  }
}
