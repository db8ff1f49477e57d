package writeboost.nbd;

import java.lang.System.Logger.Level;
import java.net.ProtocolException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.KnownZeroes;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * The requests that an {@link NbdDevice} holds, and what becomes of them when connections come and
 * go. Any thread; but only the device's own thread finds answers, brings a connection and takes it
 * away, so these never overlap.
 *
 * <pre>
 *   admit -> waiting -> (take) parts in flight -> (answered) completed
 *               ^                |
 *               +-- READs -------+-- all else fails     when the connection is lost
 * </pre>
 */
final class Traffic {

  /** {@link #admit}: not answered yet. */
  static final int HELD = -1;

  private static final int NO_ASIDE = -1;

  /** Of one request, so that none keeps others waiting for long. */
  private static final int MAX_PARTS_EACH = 16;

  /** Bytes of one TRIM or WRITE_ZEROES on the wire, which has 32 bits for them. */
  private static final long MAX_RANGE = 1L << 30;

  private static final System.Logger LOG = System.getLogger(Traffic.class.getPackageName());

  private final ClientOptions options;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition(); // for the sender
  private final Condition sent = lock.newCondition();

  // All guarded by the lock.
  private @Nullable Link link;
  private final SubmissionList waiting = new SubmissionList(); // for parts to be made
  private final SubmissionList running = new SubmissionList(); // all parts are made
  private final SubmissionList pool = new SubmissionList();
  private final Parts parts = new Parts();
  private final Unflushed unflushed = new Unflushed();
  private boolean senderWaits;
  private boolean sending;
  private @Nullable Link sendingOn;
  private boolean closed;

  /** There has been no connection for too long. */
  private boolean readsFail;

  private long outages;

  private final Quarantine quarantine;

  Traffic(ClientOptions options) {
    this.options = options;
    this.quarantine = new Quarantine(options.quarantine());
  }

  // requests: any thread

  /** {@link #HELD}, or what {@code request}, which is sound, is to be answered now. */
  int admit(Request request) {
    return admit(request, NO_ASIDE);
  }

  /** {@code aside} as {@link Submission#aside}. */
  int admit(Request request, int aside) {
    lock.lock();
    try {
      int answer =
          closed ? Errno.ESHUTDOWN : aside == NO_ASIDE ? answerNow(request) : answerAside(aside);
      if (answer == HELD) {
        Submission submission = pool.poll();
        if (submission == null) {
          submission = new Submission();
        }
        submission.begin(request, aside);
        waiting.add(submission);
      }
      return answer;
    } finally {
      lock.unlock();
    }
  }

  private int answerAside(int aside) {
    boolean can =
        link != null
            && (aside == Protocol.CMD_CACHE ? link.export.canCache() : link.export.canDescribe());
    return can ? HELD : Errno.ENOTSUP;
  }

  private int answerNow(Request request) {
    return switch (request.operation) {
      case READ -> link == null && readsFail ? Errno.EIO : HELD;
      case FLUSH -> flush();
      case WRITE, WRITE_ZEROES, TRIM -> change(request);
    };
  }

  private int flush() {
    if (options.readOnly()) {
      return Errno.OK;
    }
    Link now = linkForChanges();
    if (unflushed.takeLoss() || now == null) {
      return Errno.ENOTCONN;
    }
    if (!now.export.canFlush()) {
      unflushed.answered(unflushed.mark());
      return Errno.OK;
    }
    return HELD;
  }

  private int change(Request request) {
    Link now = linkForChanges();
    if (now == null) {
      return Errno.ENOTCONN;
    }
    if (request.operation == Operation.TRIM && !now.export.canTrim()) {
      return Errno.OK;
    }
    boolean slow = request.has(Request.FAST_ZERO) && !now.export.canZeroFast();
    return request.operation == Operation.WRITE_ZEROES && slow ? Errno.ENOTSUP : HELD;
  }

  private @Nullable Link linkForChanges() {
    return link != null && quarantine.lasts() ? null : link;
  }

  /** There may be something to send. */
  void wakeSender() {
    lock.lock();
    try {
      signalSender();
    } finally {
      lock.unlock();
    }
  }

  private void signalSender() {
    if (senderWaits && waiting.first() != null) {
      senderWaits = false;
      work.signal();
    }
  }

  /** Whether {@code request} was held and nothing of it was sent; then it is no longer. */
  boolean remove(Request request) {
    lock.lock();
    try {
      if (request.deviceState instanceof Submission submission
          && submission.request == request
          && submission.list == waiting
          && submission.issued == 0
          && !submission.syncing) {
        retire(submission);
        return true;
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  // the sender

  /** Waits for something to send; how many parts of {@code batch} are it. 0 at the end. */
  int take(Part[] batch) {
    lock.lock();
    try {
      sending = false;
      sent.signalAll();
      while (true) {
        int count = closed || link == null || !link.isSound() ? 0 : fill(link.export, batch);
        if (count > 0) {
          sending = true;
          sendingOn = link;
          return count;
        }
        if (closed && link == null) {
          return 0;
        }
        senderWaits = true;
        work.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The connection of the batch just taken; the sender's thread. */
  Link sendingOn() {
    Link of = sendingOn;
    if (of == null) {
      throw new IllegalStateException("nothing was taken");
    }
    return of;
  }

  private int fill(RemoteExport export, Part[] batch) {
    int count = 0;
    Submission submission = waiting.first();
    while (submission != null && count < batch.length && parts.hasFree()) {
      Submission following = submission.next;
      while (!submission.isIssued()
          && submission.parts < MAX_PARTS_EACH
          && count < batch.length
          && parts.hasFree()) {
        batch[count++] = issue(submission, export);
      }
      if (submission.isIssued()) {
        waiting.remove(submission);
        running.add(submission);
      }
      submission = following;
    }
    return count;
  }

  private Part issue(Submission submission, RemoteExport export) {
    Part part = parts.take(submission);
    if (submission.isAside()) {
      part.aside(submission.aside, submission.request(), export, MAX_RANGE);
      submission.issued = 1;
    } else if (submission.isFlush() || submission.syncing) {
      part.flush(unflushed.mark());
      submission.issued = 1;
    } else {
      part.range(submission.request(), submission.issued, export, MAX_RANGE);
      submission.issued += part.length;
    }
    return part;
  }

  // answers: the device's thread

  /** The part that is answered with {@code cookie}. */
  Part asked(long cookie) throws ProtocolException {
    lock.lock();
    try {
      Part part = parts.find(cookie);
      if (part == null) {
        throw new ProtocolException("a reply to nothing that was asked");
      }
      return part;
    } finally {
      lock.unlock();
    }
  }

  /** The server has said that these bytes, in {@code part}, are zeroes. */
  void knownZeroes(Part part, long offset, long length) {
    KnownZeroes known = part.submission().request().zeroes;
    if (known != null) {
      lock.lock();
      try {
        known.add(offset, length);
      } finally {
        lock.unlock();
      }
    }
  }

  void answered(Part part, int error) {
    Request done = null;
    int result;
    lock.lock();
    try {
      Submission submission = parts.release(part);
      // The write of an emulated FUA is told of its failure, not of all that is not durable.
      if (part.command == Protocol.CMD_FLUSH && (error == Errno.OK || !submission.syncing)) {
        unflushed.answered(part.mark);
      }
      if (submission.error == Errno.OK) {
        submission.error = error;
      }
      result = submission.error;
      if (submission.parts == 0 && submission.isIssued() && !mustSync(submission)) {
        count(submission);
        done = retire(submission);
      }
      signalSender();
    } finally {
      lock.unlock();
    }
    if (done != null) {
      complete(done, result);
    }
  }

  /** A FUA write for a server that has none becomes a write and, now, a flush. */
  private boolean mustSync(Submission submission) {
    Request request = submission.request();
    if (submission.error != Errno.OK
        || submission.syncing
        || !request.operation.changes()
        || !request.has(Request.FUA)
        || link == null
        || link.export.canFua()
        || !link.export.canFlush()) {
      return false;
    }
    submission.syncing = true;
    submission.issued = 0;
    move(submission, waiting);
    return true;
  }

  private void count(Submission submission) {
    Request request = submission.request();
    boolean fua = request.has(Request.FUA) && link != null && link.export.canFua();
    if (submission.error == Errno.OK
        && request.operation.changes()
        && !fua
        && !submission.syncing) {
      unflushed.changed();
    }
  }

  private static void move(Submission submission, SubmissionList to) {
    leave(submission);
    to.add(submission);
  }

  private static void leave(Submission submission) {
    if (submission.list != null) {
      submission.list.remove(submission);
    }
  }

  private Request retire(Submission submission) {
    move(submission, pool);
    return submission.end();
  }

  // connections: the device's thread

  /** False if the device was closed meanwhile. */
  boolean connected(Link next) {
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      link = next;
      readsFail = false;
      quarantine.connected();
      signalSender();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The connection, whose socket is closed, is lost: READs wait for the next one, all else fails.
   *
   * @param byServer as {@link Link.Loss} has it
   * @return the number of this outage
   */
  long lost(boolean byServer) {
    SubmissionList failing = new SubmissionList();
    long outage;
    lock.lock();
    try {
      outage = ++outages;
      link = null;
      unflushed.connectionLost(waiting.holdsFlush() || running.holdsFlush());
      if (!byServer && parts.haveChanges()) {
        quarantine.need();
      }
      while (sending) { // it uses memory of the requests, but not for long: the socket is closed
        sent.awaitUninterruptibly();
      }
      parts.releaseAll();
      SubmissionList again = new SubmissionList();
      sortOut(running, again, failing);
      sortOut(waiting, again, failing);
      again.moveTo(waiting);
      work.signal();
    } finally {
      lock.unlock();
    }
    completeAll(failing, isClosed() ? Errno.ESHUTDOWN : Errno.ENOTCONN);
    return outage;
  }

  private static void sortOut(SubmissionList held, SubmissionList again, SubmissionList failing) {
    for (Submission each = held.poll(); each != null; each = held.poll()) {
      if (each.isRead() && each.error == Errno.OK) {
        KnownZeroes known = each.request().zeroes;
        if (known != null) {
          known.clear(); // it may read something else now
        }
        each.restart();
        again.add(each);
      } else {
        failing.add(each);
      }
    }
  }

  /** If outage number {@code outage} still lasts: READs fail until it ends. */
  void failReads(long outage) {
    SubmissionList failing = new SubmissionList();
    lock.lock();
    try {
      if (link != null || outage != outages) {
        return;
      }
      readsFail = true;
      waiting.moveTo(failing);
    } finally {
      lock.unlock();
    }
    completeAll(failing, Errno.EIO);
  }

  /** Seconds until changes are taken again, rounded up; 0 if they are. */
  long quarantineSeconds() {
    lock.lock();
    try {
      return link == null ? 0 : quarantine.seconds();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more is taken. True if a connection is there on which nothing is in flight. */
  boolean close() {
    lock.lock();
    try {
      closed = true;
      work.signal();
      return link != null && !sending && parts.isIdle();
    } finally {
      lock.unlock();
    }
  }

  boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** After {@link #close} and the loss of the connection: what is left is answered. */
  void end() {
    SubmissionList failing = new SubmissionList();
    lock.lock();
    try {
      waiting.moveTo(failing);
      work.signal();
    } finally {
      lock.unlock();
    }
    completeAll(failing, Errno.ESHUTDOWN);
  }

  private void completeAll(SubmissionList failing, int error) {
    for (Submission each = failing.first(); each != null; each = failing.first()) {
      int first = each.error == Errno.OK ? error : each.error;
      Request request;
      lock.lock();
      try {
        request = retire(each);
      } finally {
        lock.unlock();
      }
      complete(request, first);
    }
  }

  /** Never under the lock: it may come back with more. */
  static void complete(Request request, int error) {
    try {
      request.complete(error);
    } catch (RuntimeException | Error e) {
      LOG.log(Level.ERROR, "The completion of " + request + " failed", e);
    }
  }
}
