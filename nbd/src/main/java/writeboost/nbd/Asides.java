package writeboost.nbd;

import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * What is asked of a server beside the requests: questions (BLOCK_STATUS) and hints (CACHE). None
 * is worth waiting for a connection: without one there is no answer, and that is always a right
 * one. Any thread.
 */
final class Asides {

  /** Hints that are on their way; more are dropped, so that requests find room. */
  private static final int MAX_HINTS = 8;

  private final Traffic traffic;
  private final long size;
  private final int alignment;

  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Request> carriers = new ArrayDeque<>(); // guarded by the lock
  private int hints; // guarded by the lock

  Asides(Traffic traffic, RemoteExport export) {
    this.traffic = traffic;
    this.size = export.size();
    this.alignment = export.alignment();
  }

  void describe(Extents question) {
    long offset = question.offset;
    long length = question.length;
    if (offset < 0 || length <= 0 || offset > size || length > size - offset) {
      question.complete(Errno.EINVAL);
      return;
    }
    send(Protocol.CMD_BLOCK_STATUS, question, offset, offset + length);
  }

  void prefetch(long offset, long length) {
    boolean inside = offset >= 0 && length > 0 && offset <= size && length <= size - offset;
    if (inside && mayHint()) {
      send(Protocol.CMD_CACHE, null, offset, offset + length);
    }
  }

  private boolean mayHint() {
    lock.lock();
    try {
      if (hints == MAX_HINTS) {
        return false;
      }
      hints++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** With whole blocks around what is asked for. */
  private void send(int command, @Nullable Extents question, long from, long to) {
    Request carrier = carrier();
    long start = from & -alignment;
    long end = Math.min((to + alignment - 1) & -alignment, size);
    carrier.set(Operation.READ, 0, start, end - start);
    carrier.attachment = question;
    int answer = traffic.admit(carrier, command);
    if (answer == Traffic.HELD) {
      traffic.wakeSender();
    } else {
      Traffic.complete(carrier, answer);
    }
  }

  private Request carrier() {
    lock.lock();
    try {
      Request carrier = carriers.poll();
      return carrier == null ? new Request(this::answered) : carrier;
    } finally {
      lock.unlock();
    }
  }

  private void answered(Request carrier) {
    int error = carrier.error;
    Extents question = (Extents) carrier.attachment;
    carrier.attachment = null;
    lock.lock();
    try {
      carriers.add(carrier);
      hints -= question == null ? 1 : 0;
    } finally {
      lock.unlock();
    }
    if (question == null) {
      return;
    }
    if (error == Errno.ESHUTDOWN) {
      question.complete(error);
      return;
    }
    if (error != Errno.OK) {
      question.ask(question.offset, question.length, question.most()); // whatever has come
    }
    if (question.count() == 0) {
      question.add(question.length, 0);
    }
    question.complete(Errno.OK);
  }
}
