package writeboost.volume;

import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.Request;
import writeboost.effect.Effects;
import writeboost.log.Barriers;
import writeboost.log.DurabilityWaiter;
import writeboost.log.Rule;

/**
 * A client's request inside the core: how far it has been taken apart, and how many of its pieces
 * are on their way. Pooled; under the core's lock.
 */
final class Ticket extends DurabilityWaiter {

  private static final Request NONE = new Request(request -> {});

  private final Core core;
  Request request = NONE;

  /** Bytes from the start of the request that have been turned into pieces. */
  long progress;

  /** Pieces not finished, plus one while the request is being taken apart. */
  private int outstanding;

  private int error;

  /** Next in the {@link TicketQueue}, while it is {@link #waiting}. */
  @Nullable Ticket next;

  boolean waiting;

  Ticket(Core core) {
    this.core = core;
  }

  void begin(Request newRequest) {
    request = newRequest;
    newRequest.deviceState = this;
    progress = 0;
    outstanding = 1;
    error = Errno.OK;
    next = null;
    waiting = false;
  }

  boolean isTakenApart() {
    return progress == request.length;
  }

  void pieceBegun() {
    outstanding++;
  }

  /** A FLUSH: answered when everything in the log now is durable. */
  void await(Barriers barriers, Effects effects) {
    barriers.await(this, effects);
  }

  /**
   * A piece is done, or the taking apart is; the last one answers the request, or lets it wait for
   * its barrier.
   */
  void pieceDone(int pieceError, Effects effects) {
    fail(pieceError);
    if (--outstanding > 0) {
      return;
    }
    boolean barrier = request.has(Request.FUA) && request.operation.changes();
    if (error == Errno.OK && barrier && core.holds(Rule.FUA_AFTER_BARRIER)) {
      core.barriers().await(this, effects);
    } else {
      answer(effects);
    }
  }

  /** Remembers the first error; the pieces already begun run to their end. */
  private void fail(int pieceError) {
    if (error == Errno.OK) {
      error = pieceError;
    }
  }

  /** Ends its wait; what has begun of it runs to its end. */
  void refuse(int refusal, Effects effects) {
    fail(refusal);
    pieceDone(refusal, effects);
  }

  @Override
  public void durable(int barrierError, Effects effects) {
    fail(barrierError);
    answer(effects);
  }

  private void answer(Effects effects) {
    Request answered = request;
    request = NONE;
    answered.deviceState = null;
    effects.answer(answered, error);
    core.ticketDone(this);
  }
}
