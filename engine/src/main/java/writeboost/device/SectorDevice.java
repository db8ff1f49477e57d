package writeboost.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Gives sectors of 512 bytes to a device that takes only larger units: what begins or ends within a
 * unit is read, changed and written again. Any thread.
 *
 * <p>Requests on whole units pass through. The others are carried out one after another, so that
 * changes of different sectors of a unit do not undo each other; they are rare. A change of part of
 * a unit, and one on whole units that overlaps that unit, must not be in flight at the same time
 * (write-back never does that).
 *
 * <pre>
 *   request      |      .    [xx|xxxxxxxx|xxxxxxxx|xxx]   .    |
 *                              head    middle       tail
 *                       read, change   passed on    read, change, write
 *                         and write
 * </pre>
 */
public final class SectorDevice implements BlockDevice {

  private final BlockDevice behind;
  private final Limits limits;
  private final int unit;

  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Request> waiting = new ArrayDeque<>(); // guarded by the lock
  private @Nullable Request current; // guarded by the lock

  // Of the current request; only one step of it is on its way at a time.
  private final MemorySegment bounce;
  private final Request step = new Request(unused -> stepped());
  private long done;
  private int within;
  private long piece;
  private boolean reading;

  /** Steps that are answered and not seen to. */
  private final AtomicInteger answered = new AtomicInteger();

  /** Takes {@code behind} over: it is closed with this one. Its alignment is at most 4096. */
  public SectorDevice(BlockDevice behind) {
    this.behind = behind;
    Limits theirs = behind.limits();
    unit = theirs.alignment();
    limits =
        new Limits(
            theirs.readOnly(),
            Requests.SECTOR_BYTES,
            theirs.preferred(),
            theirs.canZero(),
            theirs.canTrim());
    bounce = Arena.ofAuto().allocate(unit, unit);
  }

  @Override
  public long size() {
    return behind.size();
  }

  @Override
  public Limits limits() {
    return limits;
  }

  @Override
  public Fingerprint fingerprint() {
    return behind.fingerprint();
  }

  @Override
  public Fingerprint giveFingerprint() {
    return behind.giveFingerprint();
  }

  @Override
  public long busyNanoseconds() {
    return behind.busyNanoseconds();
  }

  @Override
  public void describe(Extents extents) {
    behind.describe(extents);
  }

  @Override
  public void prefetch(long offset, long length) {
    long from = offset & -unit;
    long to = Math.min((offset + length + unit - 1) & -unit, size());
    behind.prefetch(from, to - from);
  }

  @Override
  public boolean canZeroFast() {
    return behind.canZeroFast();
  }

  @Override
  public boolean rotational() {
    return behind.rotational();
  }

  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      Request request = batch[i];
      boolean whole = ((request.offset | request.length) & (unit - 1)) == 0;
      if (whole || request.operation == Operation.FLUSH) {
        behind.submit(new Request[] {request}, 1);
        continue;
      }
      int error = Requests.check(request, size(), limits.readOnly());
      if (error == Errno.OK && request.has(Request.FAST_ZERO)) {
        error = Errno.ENOTSUP; // what is read and written again is not faster than a write
      }
      if (error != Errno.OK) {
        request.complete(error);
      } else if (isNext(request)) {
        begin(request);
      }
    }
  }

  /** Whether its turn is now; otherwise it comes by itself. */
  private boolean isNext(Request request) {
    lock.lock();
    try {
      if (current != null) {
        waiting.add(request);
        return false;
      }
      current = request;
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void cancel(Request request) {
    boolean waited;
    lock.lock();
    try {
      waited = waiting.remove(request);
    } finally {
      lock.unlock();
    }
    if (waited) {
      request.complete(Errno.ECANCELED);
    } else {
      behind.cancel(request);
    }
  }

  @Override
  public void close() {
    behind.close();
  }

  private void begin(Request request) {
    done = 0;
    next(request);
  }

  /** The next step of {@code request}, which is not done. */
  private void next(Request request) {
    long at = request.offset + done;
    long left = request.length - done;
    within = (int) (at & (unit - 1));
    if (within == 0 && left >= unit) {
      piece = left & -unit;
      reading = false;
      step.set(
          request.operation, request.flags, at, piece, request.data, request.dataOffset + done);
    } else {
      piece = Math.min(unit - within, left);
      reading = true;
      step.set(Operation.READ, 0, at - within, unit, bounce, 0);
    }
    if (reading && request.operation == Operation.TRIM) {
      step.set(Operation.READ, 0, 0, 0, bounce, 0); // the rest of the unit must not change
    }
    behind.submit(new Request[] {step}, 1);
  }

  /** Not recursive, even where the device answers inside {@code submit}. */
  private void stepped() {
    if (answered.getAndIncrement() == 0) {
      do {
        goOn();
      } while (answered.decrementAndGet() != 0);
    }
  }

  private void goOn() {
    Request request = current();
    if (step.error != Errno.OK) {
      end(request, step.error);
      return;
    }
    if (reading) {
      reading = false;
      if (change(request)) {
        step.set(Operation.WRITE, request.flags & Request.FUA, step.offset, unit, bounce, 0);
        behind.submit(new Request[] {step}, 1);
        return;
      }
    }
    done += piece;
    if (done < request.length) {
      next(request);
    } else {
      end(request, Errno.OK);
    }
  }

  /** What was read meets what was asked for; whether it is to be written again. */
  private boolean change(Request request) {
    long data = request.dataOffset + done;
    switch (request.operation) {
      case READ -> MemorySegment.copy(bounce, within, request.data, data, piece);
      case WRITE -> MemorySegment.copy(request.data, data, bounce, within, piece);
      case WRITE_ZEROES -> bounce.asSlice(within, piece).fill((byte) 0);
      case TRIM, FLUSH -> {}
    }
    return request.operation == Operation.WRITE || request.operation == Operation.WRITE_ZEROES;
  }

  private Request current() {
    lock.lock();
    try {
      if (current == null) {
        throw new IllegalStateException("a step of nothing");
      }
      return current;
    } finally {
      lock.unlock();
    }
  }

  private void end(Request request, int error) {
    Request following;
    lock.lock();
    try {
      following = waiting.poll();
      current = following;
    } finally {
      lock.unlock();
    }
    request.complete(error);
    if (following != null) {
      begin(following);
    }
  }
}
