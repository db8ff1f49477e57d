package writeboost.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import writeboost.device.Errno;

/**
 * The bytes of replies: headers in a ring of slots, and what one gathering write takes of them and
 * of payloads. Guarded by the lock of {@link Outbound}, but for {@link #writeTo}: that belongs to
 * the thread that gathered.
 *
 * <pre>
 *   vectors  | headers of slots 4..9 | payload of 9 | header of 10 | payload of 10 | headers ...
 * </pre>
 */
final class Replies {

  private static final int MAX_VECTORS = 512;

  private final ByteBuffer headers;

  private final ByteBuffer[] vectors = new ByteBuffer[MAX_VECTORS];
  private final ByteBuffer[] headerViews = new ByteBuffer[MAX_VECTORS]; // made once, not per write
  private int count;

  /** The last vector ends with the header of this slot, and the next may be joined to it; or -1. */
  private int endsWith = -1;

  Replies(int slots) {
    this.headers = ByteBuffer.allocateDirect(slots * Protocol.REPLY_BYTES);
    for (int i = 0; i < MAX_VECTORS; i++) {
      headerViews[i] = headers.duplicate();
    }
  }

  void putHeader(int slot, Command command) {
    int at = slot * Protocol.REPLY_BYTES;
    headers.putInt(at, Protocol.SIMPLE_REPLY_MAGIC);
    headers.putInt(at + Protocol.REPLY_ERROR_AT, onTheWire(command.request.error));
    headers.putLong(at + Protocol.REPLY_COOKIE_AT, command.cookie);
  }

  /** The specification's errors are a few of Linux's. */
  private static int onTheWire(int error) {
    return switch (error) {
      case Errno.OK,
          Errno.EPERM,
          Errno.EIO,
          Errno.ENOMEM,
          Errno.EINVAL,
          Errno.ENOSPC,
          Errno.ESHUTDOWN ->
          error;
      case Errno.ENOTSUP -> Errno.EINVAL; // has a meaning of its own that we do not advertise
      default -> Errno.EIO;
    };
  }

  void clear() {
    count = 0;
    endsWith = -1;
  }

  /** Whether any one reply can be added. */
  boolean hasRoom() {
    return count + 2 <= MAX_VECTORS;
  }

  void add(int slot, Command command) {
    int at = slot * Protocol.REPLY_BYTES;
    if (endsWith >= 0 && slot == endsWith + 1) {
      vectors[count - 1].limit(at + Protocol.REPLY_BYTES);
    } else {
      vectors[count] = headerViews[count].limit(at + Protocol.REPLY_BYTES).position(at);
      count++;
    }
    endsWith = slot;
    int payload = command.replyPayload();
    if (payload > 0 && command.slab != null) {
      vectors[count++] = command.slab.view(command.payloadAt, command.payloadAt + payload);
      endsWith = -1;
    }
  }

  /** Writes what was added; parks while the client is slow. */
  void writeTo(Wire wire, ClientTurn.Direction turn) throws IOException {
    int done = 0;
    turn.begin();
    while (done < count) {
      turn.moved(
          count - done == 1 ? wire.write(vectors[done]) : wire.write(vectors, done, count - done));
      while (done < count && !vectors[done].hasRemaining()) {
        done++;
      }
    }
    turn.end();
  }
}
