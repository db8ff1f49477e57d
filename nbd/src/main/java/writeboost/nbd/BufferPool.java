package writeboost.nbd;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * All memory that clients can make a server use, in slabs whose sizes are powers of two. Any
 * thread.
 *
 * <p>Each connection draws on a {@link Share}. What a share uses beyond {@link #GUARANTEED} counts
 * against a total; whoever finds the total, or its own bound, used up waits, which is how clients
 * that ask for too much are held back: their sockets are not read meanwhile. (So that such a client
 * died is noticed only when the device answers something.)
 *
 * <p>The last part of the total is for READs alone, as far as it is larger than any share: writes
 * that wait, because a log is full, do not hold up READs that could be answered.
 *
 * <p>Another part is for shares that use little: a few clients that hold as much as they may, and
 * do not get on with it, leave others room for what these usually send.
 *
 * <p>Slabs that nobody uses are kept for the next, up to {@link #RETAINED} bytes.
 */
final class BufferPool {

  /** Bytes; what Linux's own client sends at once. */
  private static final int SMALLEST = 128 << 10;

  /** The slab that requests are received in, and short READs answered from. */
  static final int STANDARD = 256 << 10;

  /**
   * One slab that is being received in, one that READs are answered from, and one that waits for
   * the device: with these a connection gets on even if others hold everything else.
   */
  static final int GUARANTEED = 3 * STANDARD;

  static final long RETAINED = 64L << 20;

  /** Bytes beyond what is guaranteed. A share that uses no more has the whole total to draw on. */
  static final long LITTLE = 8L << 20;

  private final Runnable whenShort;
  private final long lookEveryNs;
  private final long shareBytes;
  private final long totalBytes;
  private final long writeBytes; // of the total, for everything but READs
  private final long forLittle; // of the total, for shares that use little

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition released = lock.newCondition();

  // Guarded by the lock.
  private final List<ArrayDeque<Slab>> idle = new ArrayList<>(); // by the power of two
  private long idleBytes;
  private long usedBytes; // beyond what is guaranteed
  private int waiters;

  /**
   * @param whenShort called every {@code lookEveryNs} nanoseconds, by whoever waits, while somebody
   *     waits for what others use
   */
  BufferPool(long shareBytes, long totalBytes, Runnable whenShort, long lookEveryNs) {
    this.whenShort = whenShort;
    this.lookEveryNs = lookEveryNs;
    this.shareBytes = shareBytes;
    this.totalBytes = totalBytes;
    this.writeBytes = totalBytes - Math.min(totalBytes - shareBytes, Protocol.MAX_PAYLOAD);
    this.forLittle = Math.min((totalBytes - shareBytes) / 2, Protocol.MAX_PAYLOAD);
    for (int power = 0; power <= power(Protocol.MAX_PAYLOAD); power++) {
      idle.add(new ArrayDeque<>());
    }
  }

  Share share() {
    return new Share();
  }

  /** One connection's draw on the pool. Taken from by its thread; given back to by any. */
  final class Share {
    private long held; // guarded by the lock, as is the next
    private boolean closed;
    private boolean waited; // the connection's thread

    /** A slab of at least {@code bytes}, referenced once; null if that has to be waited for. */
    @Nullable Slab tryTake(int bytes) {
      return tryTake(bytes, writeBytes);
    }

    private @Nullable Slab tryTake(int bytes, long total) {
      int power = power(bytes);
      Slab slab;
      lock.lock();
      try {
        if (!fits(1 << power, total)) {
          return null;
        }
        charge(1 << power);
        slab = idle.get(power).pollFirst();
        if (slab != null) {
          idleBytes -= slab.size;
        }
      } finally {
        lock.unlock();
      }
      return (slab == null ? allocate(1 << power) : slab).lend(this);
    }

    /** As {@link #tryTake}, but waits; null once this share is closed. */
    @Nullable Slab take(int bytes) {
      return take(bytes, writeBytes);
    }

    /** As {@link #take}, for what a READ is answered from. */
    @Nullable Slab takeForRead(int bytes) {
      return take(bytes, totalBytes);
    }

    /** As {@link #tryTake}, for what a READ is answered from. */
    @Nullable Slab tryTakeForRead(int bytes) {
      return tryTake(bytes, totalBytes);
    }

    private @Nullable Slab take(int bytes, long total) {
      Slab slab = tryTake(bytes, total);
      while (slab == null && waitFor(1 << power(bytes), total)) {
        waited = true;
        slab = tryTake(bytes, total);
      }
      return slab;
    }

    /** Whether memory had to be waited for since this was asked last. */
    boolean takeWaited() {
      boolean was = waited;
      waited = false;
      return was;
    }

    private boolean waitFor(int size, long total) {
      lock.lock();
      try {
        waiters++;
        while (!closed && !fits(size, total)) {
          if (beyondGuaranteed(held + size) > shareBytes) {
            released.awaitUninterruptibly();
          } else {
            waitForOthers(size, total);
          }
        }
        waiters--;
        return !closed;
      } finally {
        lock.unlock();
      }
    }

    private void waitForOthers(int size, long total) {
      long left = lookEveryNs;
      try {
        while (left > 0 && !closed && !fits(size, total)) {
          left = released.awaitNanos(left);
        }
      } catch (InterruptedException e) { // nobody interrupts connections; it must not spin
        closed = true;
      }
      if (left <= 0 && !closed) {
        lock.unlock();
        try {
          whenShort.run();
        } finally {
          lock.lock();
        }
      }
    }

    /** Bytes that are lent at this moment. */
    long heldBytes() {
      lock.lock();
      try {
        return held;
      } finally {
        lock.unlock();
      }
    }

    /** Ends all waiting; slabs may still come back. */
    void close() {
      lock.lock();
      try {
        closed = true;
        released.signalAll();
      } finally {
        lock.unlock();
      }
    }

    void giveBack(Slab slab) {
      lock.lock();
      try {
        charge(-slab.size);
        if (idleBytes + slab.size <= RETAINED) {
          idle.get(power(slab.size)).addFirst(slab);
          idleBytes += slab.size;
        }
        if (waiters > 0) {
          released.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }

    private boolean fits(int size, long total) {
      long after = beyondGuaranteed(held + size);
      // The only large READ of a share may have it all: writes that wait must not hold it up.
      boolean onlyRead = total > writeBytes && beyondGuaranteed(held) == 0;
      long bound = after <= LITTLE || onlyRead ? total : total - forLittle;
      return after <= shareBytes && usedBytes + after - beyondGuaranteed(held) <= bound;
    }

    private void charge(int size) {
      usedBytes += beyondGuaranteed(held + size) - beyondGuaranteed(held);
      held += size;
    }

    private Slab allocate(int size) {
      try {
        return new Slab(ByteBuffer.allocateDirect(size + Slab.PAGE).alignedSlice(Slab.PAGE), size);
      } catch (OutOfMemoryError e) { // the JVM's own bound on direct memory
        lock.lock();
        charge(-size);
        lock.unlock();
        throw e;
      }
    }
  }

  /** Bytes charged to the total at this moment. */
  long usedBytes() {
    lock.lock();
    try {
      return usedBytes;
    } finally {
      lock.unlock();
    }
  }

  private static long beyondGuaranteed(long held) {
    return Math.max(0, held - GUARANTEED);
  }

  /** The power of two that holds {@code bytes}. */
  private static int power(int bytes) {
    return 32 - Integer.numberOfLeadingZeros(Math.max(bytes, SMALLEST) - 1);
  }
}
