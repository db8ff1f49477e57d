package writeboost.nbd;

import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * A request that the device holds: waiting to be sent, in whole or in part, or in flight. Pooled;
 * guarded by the lock of {@link Traffic}.
 */
final class Submission {
  /** Null while this is in the pool. */
  @Nullable Request request;

  /** The command of a hint or a question; the request is a carrier then. Otherwise negative. */
  int aside;

  /** Bytes that parts were made of; a FLUSH, and what is aside, counts one. */
  long issued;

  /** Parts in flight. */
  int parts;

  /** The first error of a part. */
  int error;

  /** The write of a FUA request is done, for a server that has no FUA: a FLUSH follows. */
  boolean syncing;

  /** Neighbours in a {@link SubmissionList}; {@link #list} is the one. */
  @Nullable Submission next;

  @Nullable Submission previous;
  @Nullable SubmissionList list;

  void begin(Request newRequest, int newAside) {
    request = newRequest;
    aside = newAside;
    newRequest.deviceState = this;
    restart();
  }

  /** From the beginning, on a new connection. */
  void restart() {
    issued = 0;
    parts = 0;
    error = Errno.OK;
    syncing = false;
  }

  Request request() {
    Request held = request;
    if (held == null) {
      throw new IllegalStateException("a submission without a request");
    }
    return held;
  }

  /** The request, which is no longer held. */
  Request end() {
    Request ended = request();
    ended.deviceState = null;
    request = null;
    return ended;
  }

  boolean isFlush() {
    return request().operation == Operation.FLUSH;
  }

  boolean isAside() {
    return aside >= 0;
  }

  /** Whether it can be sent again, whatever became of it. */
  boolean isRead() {
    return !isAside() && request().operation == Operation.READ;
  }

  /** Of what is to be issued. */
  long total() {
    return isFlush() || syncing || isAside() ? 1 : request().length;
  }

  /** Whether nothing is left to be sent; after an error nothing more is. */
  boolean isIssued() {
    return error != Errno.OK || issued >= total();
  }
}
