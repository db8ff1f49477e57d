package writeboost.nbd;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Whether all that a client had sent at some moment has been taken in, or else the client has not
 * closed the connection before that moment. Any thread may ask; the reader of the connection
 * answers, and pays nothing while nobody asks.
 */
final class Intake {

  /**
   * Bytes. More than what the kernels of both sides hold of one connection: by default, Linux has
   * up to 4 MiB that wait to be sent, and 6 MiB that wait to be read.
   */
  static final long MOST_ON_THE_WAY = 32 << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition change = lock.newCondition();

  private final AtomicLong asked = new AtomicLong();

  // Guarded by the lock.
  private long answered;
  private boolean ended;

  // The reader's: the question that it works on.
  private long question;
  private boolean open;
  private long takenIn; // bytes, since it saw the question

  /** The number of a question, for {@link #await}. Who asks wakes the reader then. */
  long ask() {
    return asked.incrementAndGet();
  }

  /** Waits for the answer; false if there is none in time. */
  boolean await(long number, long nanos) throws InterruptedException {
    lock.lock();
    try {
      long left = nanos;
      while (answered < number && !ended && left > 0) {
        left = change.awaitNanos(left);
      }
      return answered >= number || ended;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the reader should look, even if it thinks that there is nothing. */
  boolean isAsked() {
    return open || asked.get() != question;
  }

  /**
   * The reader is about to look at what there is. All that it had taken in is worked on; or is not
   * yet, and {@link #foundNothing} then says no more than that the client is there.
   */
  void looking() {
    if (!open && isAsked()) {
      question = asked.get();
      open = true;
      takenIn = 0;
    }
  }

  /** There was nothing: all has been taken in, and the client is there. */
  void foundNothing() {
    if (open) {
      answer();
    }
  }

  /** A client that had closed the connection could not have sent so much. */
  void found(int bytes) {
    if (open) {
      takenIn += bytes;
      if (takenIn >= MOST_ON_THE_WAY) {
        answer();
      }
    }
  }

  private void answer() {
    open = false;
    lock.lock();
    try {
      answered = question;
      change.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more is taken in. */
  void end() {
    lock.lock();
    try {
      ended = true;
      change.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
