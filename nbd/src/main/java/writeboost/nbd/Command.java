package writeboost.nbd;

import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * A client's request from the moment it was received whole until its reply is written; pooled.
 * Passes from the connection's thread to the device, and from there to whoever writes the reply.
 */
final class Command implements Request.Completion {

  final Request request = new Request(this);

  /** The client's word for this command: echoed, never looked at. */
  long cookie;

  /** Holds the payload, of WRITE until completion, of READ until the reply is written. */
  @Nullable Slab slab;

  /** The payload of a READ is at this byte of the slab. */
  int payloadAt;

  /** When its header was read, by {@link System#nanoTime}; 0 where nobody asks for that. */
  long receivedNs;

  /** Guarded by the lock of {@link Outbound}. */
  boolean inDevice;

  private final Outbound outbound;

  Command(Outbound outbound) {
    this.outbound = outbound;
  }

  @Override
  public void completed(Request completed) {
    outbound.completed(this);
  }

  /** Bytes that follow the header of the reply. */
  int replyPayload() {
    return request.operation == Operation.READ && request.error == Errno.OK
        ? (int) request.length
        : 0;
  }

  void releaseSlab() {
    if (slab != null) {
      slab.release();
      slab = null;
    }
  }
}
