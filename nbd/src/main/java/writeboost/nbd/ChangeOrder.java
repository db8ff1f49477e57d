package writeboost.nbd;

import java.util.BitSet;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.ReentrantLock;
import writeboost.device.BlockDevice;
import writeboost.device.Request;

/**
 * The order in which changes of several connections come to their devices. Any thread.
 *
 * <p>A client that gives up a connection repeats on another one what was not answered there, and
 * once that is answered may write something newer. From then on, what it had sent on the first one
 * must not come any more: so nothing is submitted of a client that may have gone since others wrote
 * to the same place.
 *
 * <p>Every change leaves a mark where it goes. Who finds that another connection has marked the
 * place since its own client was last known to be there is in doubt, and goes alone: while nothing
 * of any other connection is between being marked and being submitted, it looks at its client, and
 * submits only what is of one that is there. Those who write to places of their own never look; who
 * has been alone all the time leaves no marks either.
 *
 * <pre>
 *   enter -> marked, no doubt -> submit -> exit
 *         -> in doubt -> enterAlone -> look -> clientIsThere -> submit -> exitAlone
 *                                           -> gone: drop   -------------^
 * </pre>
 */
final class ChangeOrder {

  /** A place that has one mark: 4 KiB, which is what caches and file systems write at least. */
  private static final int PLACE_BITS = 12;

  /** A power of two: 2 MiB of memory. Places that share a mark cost a look in vain now and then. */
  private static final int MARKS = 1 << 18;

  /** Places of a change that still leaves a mark at each; a longer one leaves one for all. */
  private static final long MOST_PLACES = 1024;

  /** A mark is the number of a batch, and in its lowest bits whose it is. */
  private static final int MEMBER_BITS = 12;

  /** What a member is called that never knows its own marks, because there are too many. */
  private static final int NOBODY = 0;

  private static final int EVERYBODY = Integer.MAX_VALUE;

  /**
   * {@link #company}: in its lowest bits, how many members there are; above, how many have come.
   */
  private static final int COMPANY_BITS = 32;

  private static final long ARRIVAL = (1L << COMPANY_BITS) + 1;

  /** So often a new connection tries whether others have submitted what they are about to. */
  private static final int TRIES = 16;

  /** A {@link #company} that never is. */
  private static final long NEVER = -1;

  /** Fair, or who wants to go alone would wait for ever. A permit for each change. */
  private final Semaphore passage = new Semaphore(EVERYBODY, true);

  private final AtomicLong batches = new AtomicLong();

  /** The mark of changes that are so long. */
  private final AtomicLong everywhere = new AtomicLong();

  private final AtomicLongArray marks = new AtomicLongArray(MARKS);

  private final AtomicLong company = new AtomicLong();

  private final ReentrantLock lock = new ReentrantLock();
  private final BitSet names = new BitSet(); // guarded by the lock

  /** Of a new connection, which then is to {@link Member#begin}. */
  Member join() {
    int name;
    lock.lock();
    try {
      name = names.nextClearBit(NOBODY + 1);
      if (name >= 1 << MEMBER_BITS) {
        name = NOBODY;
      }
      names.set(name);
    } finally {
      lock.unlock();
    }
    return new Member(name, company.addAndGet(ARRIVAL));
  }

  /** One connection. The connection's thread, but for {@link #exit}. */
  final class Member {
    private final int name;

    /**
     * Batches so far when the client was last known to be there. All of them are submitted, but for
     * those in doubt: these were read before, and so repeat nothing that this client sends later.
     */
    private long known;

    /** The company while nobody has come since, and there was nobody else then. */
    private long alone;

    /** The numbers of its last batch, and of one of another connection's that it knows of. */
    private long last;

    private long lastOfOthers;

    /** Stays until the client has been looked at, so a mark that was met need not. */
    private boolean doubtful;

    private Member(int name, long company) {
      this.name = name;
      this.alone = whereAlone(company);
    }

    /**
     * The client is there at this moment, and has asked for nothing yet: what was marked before is
     * nothing to it. Unless something of that is still to be submitted, and takes long: then the
     * client will be looked at once more than necessary. Nobody has to wait for this.
     */
    @SuppressWarnings("ThreadPriorityCheck") // correct without yield; others may need this CPU
    void begin() {
      for (int i = 0; i < TRIES; i++) {
        if (passage.tryAcquire(EVERYBODY)) {
          known = batches.get();
          passage.release(EVERYBODY);
          return;
        }
        Thread.yield();
      }
    }

    private static long whereAlone(long company) {
      return (int) company == 1 ? company : NEVER;
    }

    /**
     * Whether a batch may be submitted; {@link #exit} is to be called after that. If not, the
     * client has to be looked at: {@link #enterAlone}.
     *
     * @param changes of the {@code count} requests
     */
    boolean enter(BlockDevice device, Request[] batch, int count, int changes) {
      if (changes == 0) {
        return true;
      }
      passage.acquireUninterruptibly(changes);
      if (company.get() != alone) {
        mark(device, batch, count);
      }
      if (doubtful) {
        passage.release(changes);
      }
      return !doubtful;
    }

    /** As {@link #enter}, where nobody can know whether the client is there; the doubt stays. */
    void enterInDoubt(BlockDevice device, Request[] batch, int count, int changes) {
      passage.acquireUninterruptibly(changes);
      mark(device, batch, count);
    }

    /** So many changes are submitted. Any thread. */
    void exit(int changes) {
      passage.release(changes);
    }

    /** Waits until all changes that have entered are submitted, and keeps all others out. */
    void enterAlone() {
      passage.acquireUninterruptibly(EVERYBODY);
    }

    /**
     * Alone, and after a look that found the client to be there: what it has sent up to now, and
     * was marked, may be submitted before {@link #exitAlone}.
     */
    void clientIsThere() {
      known = batches.get();
      alone = whereAlone(company.get());
      doubtful = false;
    }

    void exitAlone() {
      passage.release(EVERYBODY);
    }

    /** Raises doubt where others have been that came after what is known of the client. */
    private void mark(BlockDevice device, Request[] batch, int count) {
      long number = batches.incrementAndGet();
      if (number != last + 1) {
        lastOfOthers = number - 1;
      }
      last = number;
      int base = System.identityHashCode(device);
      for (int i = 0; i < count; i++) {
        if (batch[i].operation.changes()) {
          mark(base, batch[i], number << MEMBER_BITS | name);
        }
      }
      meet(everywhere.get());
    }

    private void mark(int base, Request change, long mark) {
      long from = change.offset >>> PLACE_BITS;
      long to = (change.offset + change.length - 1) >>> PLACE_BITS;
      if (to - from >= MOST_PLACES) {
        markEverywhere(mark);
        return;
      }
      for (long place = from; place <= to; place++) {
        meet(marks.getAndSet((int) (place + base) & MARKS - 1, mark));
      }
    }

    /** Others may have been anywhere; who comes after the look at their number meets this mark. */
    private void markEverywhere(long mark) {
      meet(everywhere.getAndSet(mark));
      long newest = batches.get();
      if (newest != last) {
        lastOfOthers = newest;
      }
      doubtful |= lastOfOthers > known;
    }

    private void meet(long mark) {
      boolean own = name != NOBODY && (mark & (1 << MEMBER_BITS) - 1) == name;
      doubtful |= !own && mark >>> MEMBER_BITS > known;
    }

    /** The connection has ended: it will change nothing any more. */
    void leave() {
      company.decrementAndGet();
      lock.lock();
      try {
        names.clear(name);
      } finally {
        lock.unlock();
      }
    }
  }
}
