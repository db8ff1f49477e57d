package writeboost.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import writeboost.device.Errno;
import writeboost.device.KnownZeroes;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * The bytes of replies, as one gathering write takes them: headers, which are made here, and
 * payloads, which lie in slabs. Guarded by the lock of {@link Outbound}, but for {@link #writeTo}:
 * that belongs to the thread that gathered.
 *
 * <pre>
 *   vectors  | headers of replies 4..9 | payload of 9 | header of 10 | payload of 10 | headers ...
 * </pre>
 */
final class Replies {

  private static final int MAX_VECTORS = 512;

  /** A READ with as many holes as can be, each followed by data. */
  private static final int MOST_BYTES =
      Command.MAX_HOLES * (Protocol.CHUNK_BYTES + Protocol.HOLE_BYTES)
          + (Command.MAX_HOLES + 1) * (Protocol.CHUNK_BYTES + Protocol.OFFSET_BYTES);

  private static final int MOST_VECTORS = 2 * Command.MAX_HOLES + 3;
  private static final int HEADER_BYTES = 64 << 10;

  private final ByteBuffer headers = ByteBuffer.allocateDirect(HEADER_BYTES);

  private final ByteBuffer[] vectors = new ByteBuffer[MAX_VECTORS];
  private final ByteBuffer[] headerViews = new ByteBuffer[MAX_VECTORS]; // made once, not per write
  private int count;

  /** The last vector is one of headers, and the next header may be joined to it. */
  private boolean endsWithHeader;

  private boolean structured;

  Replies() {
    for (int i = 0; i < MAX_VECTORS; i++) {
      headerViews[i] = headers.duplicate();
    }
  }

  /** From now on READs are answered in chunks. */
  void useChunks() {
    structured = true;
  }

  void clear() {
    headers.clear();
    count = 0;
    endsWithHeader = false;
  }

  /** Whether any one reply can be added. */
  boolean hasRoom() {
    return count + MOST_VECTORS <= MAX_VECTORS && headers.remaining() >= MOST_BYTES;
  }

  void add(Command command) {
    int error = onTheWire(command.request);
    if (!structured || !command.isAnsweredInChunks()) {
      simple(command, error);
    } else if (error != Errno.OK) {
      chunk(command, Protocol.CHUNK_ERROR, Protocol.CHUNK_DONE, Protocol.ERROR_BYTES);
      headers.putInt(error).putShort((short) 0);
    } else if (command.type == Protocol.CMD_BLOCK_STATUS) {
      payload(command, 0, command.replyPayload()); // chunks and all
    } else if (command.request.length == 0) {
      chunk(command, Protocol.CHUNK_NONE, Protocol.CHUNK_DONE, 0);
    } else {
      content(command);
    }
  }

  private void simple(Command command, int error) {
    beginHeader(Protocol.REPLY_BYTES);
    headers.putInt(Protocol.SIMPLE_REPLY_MAGIC).putInt(error).putLong(command.cookie);
    int payload = command.replyPayload();
    if (payload > 0) {
      payload(command, 0, payload);
    }
  }

  /** The payload of a READ, in chunks of data and holes. */
  private void content(Command command) {
    Request request = command.request;
    long at = request.offset;
    long end = at + request.length;
    KnownZeroes zeroes = request.zeroes;
    for (int i = 0; zeroes != null && i < zeroes.count(); i++) {
      long start = Math.max(zeroes.start(i), at);
      long holeEnd = Math.min(zeroes.end(i), end);
      if (holeEnd - start < Command.SHORTEST_HOLE) {
        continue;
      }
      if (start > at) {
        data(command, at, start, 0);
      }
      int done = holeEnd == end ? Protocol.CHUNK_DONE : 0;
      chunk(command, Protocol.CHUNK_OFFSET_HOLE, done, Protocol.HOLE_BYTES);
      headers.putLong(start).putInt((int) (holeEnd - start));
      at = holeEnd;
    }
    if (at < end) {
      data(command, at, end, Protocol.CHUNK_DONE);
    }
  }

  /** All of it is there already: no error can follow, so the last may say that it is. */
  private void data(Command command, long from, long to, int done) {
    int length = (int) (to - from);
    chunk(command, Protocol.CHUNK_OFFSET_DATA, done, Protocol.OFFSET_BYTES, length);
    headers.putLong(from);
    payload(command, (int) (from - command.request.offset), length);
  }

  private void chunk(Command command, int type, int flags, int bytes) {
    chunk(command, type, flags, bytes, 0);
  }

  /**
   * @param bytes that follow in the headers
   * @param payload bytes that follow those
   */
  private void chunk(Command command, int type, int flags, int bytes, int payload) {
    beginHeader(Protocol.CHUNK_BYTES + bytes);
    headers.putInt(Protocol.CHUNK_MAGIC).putShort((short) flags).putShort((short) type);
    headers.putLong(command.cookie).putInt(bytes + payload);
  }

  private void beginHeader(int bytes) {
    int at = headers.position();
    if (endsWithHeader) {
      vectors[count - 1].limit(at + bytes);
    } else {
      vectors[count] = headerViews[count].limit(at + bytes).position(at);
      count++;
      endsWithHeader = true;
    }
  }

  private void payload(Command command, int from, int length) {
    if (command.slab == null) {
      throw new IllegalStateException("a payload without memory");
    }
    int at = command.payloadAt + from;
    vectors[count++] = command.slab.view(at, at + length);
    endsWithHeader = false;
  }

  /** The specification's errors are a few of Linux's. */
  private static int onTheWire(Request request) {
    return switch (request.error) {
      case Errno.OK,
          Errno.EPERM,
          Errno.EIO,
          Errno.ENOMEM,
          Errno.EINVAL,
          Errno.ENOSPC,
          Errno.ESHUTDOWN ->
          request.error;
      case Errno.EFBIG, Errno.EDQUOT -> Errno.ENOSPC;
      case Errno.ENOTSUP -> // has a meaning of its own there
          request.operation == Operation.WRITE_ZEROES && request.has(Request.FAST_ZERO)
              ? Errno.ENOTSUP
              : Errno.EINVAL;
      default -> Errno.EIO;
    };
  }

  /**
   * Writes what was added; parks while the client is slow.
   *
   * @param turn told how that gets on
   */
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
