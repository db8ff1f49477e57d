package writeboost.nbd;

import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.KnownZeroes;
import writeboost.device.Request;

/**
 * A client's request from the moment it was received whole until its reply is written; pooled.
 * Passes from the connection's thread to the device, and from there to whoever writes the reply.
 */
final class Command implements Request.Completion {

  /** In one reply to a READ. */
  static final int MAX_HOLES = 16;

  /**
   * Bytes. Each piece of data that follows a hole then begins in a page of its own, as {@link
   * Slab#view} wants it.
   */
  static final int SHORTEST_HOLE = Slab.PAGE;

  final Request request = new Request(this);

  /** As the client calls it: one of the specification's request types. */
  int type;

  /** The client's word for this command: echoed, never looked at. */
  long cookie;

  /** Holds the payload, of WRITE until completion, of READ until the reply is written. */
  @Nullable Slab slab;

  /** The payload of the reply is at this byte of the slab. */
  int payloadAt;

  /** Of BLOCK_STATUS, until the reply is written. */
  @Nullable StatusQuery status;

  /** When its header was read, by {@link System#nanoTime}; 0 where nobody asks for that. */
  long receivedNs;

  /** Guarded by the lock of {@link Outbound}. */
  boolean inDevice;

  private final Outbound outbound;
  private @Nullable KnownZeroes zeroes;

  Command(Outbound outbound) {
    this.outbound = outbound;
  }

  @Override
  public void completed(Request completed) {
    outbound.completed(this);
  }

  /** For a READ whose reply can have holes: of none yet. */
  KnownZeroes zeroes() {
    if (zeroes == null) {
      zeroes = new KnownZeroes(MAX_HOLES);
    }
    zeroes.clear();
    return zeroes;
  }

  /** Where chunks have been agreed on; other commands have simple replies even so. */
  boolean isAnsweredInChunks() {
    return type == Protocol.CMD_READ || type == Protocol.CMD_BLOCK_STATUS;
  }

  /** Bytes of the slab that the reply has. */
  int replyPayload() {
    if (request.error != Errno.OK || !isAnsweredInChunks()) {
      return 0;
    }
    return status == null ? (int) request.length : status.replyBytes();
  }

  void releaseSlab() {
    if (slab != null) {
      slab.release();
      slab = null;
    }
  }
}
