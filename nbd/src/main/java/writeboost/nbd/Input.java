package writeboost.nbd;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What a client has sent and nobody has consumed: a window of a slab. Only the connection's thread.
 *
 * <pre>
 *   slab   | consumed, but payload may be in use | not consumed | free |
 *          0                                  position        limit   size
 * </pre>
 */
final class Input {

  /** It is not worth a system call to read less, if other memory can be had. */
  private static final int WORTH_READING = 64 << 10;

  /** Between tries to have either of two things, where nobody tells of the second. */
  private static final long TRY_AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(1);

  /** Bytes at the end of a slab that only looks use, so that there is room for one. */
  private static final int FOR_LOOKS = 4096;

  /** {@link #look}: the client is there, and has sent nothing more. */
  static final int NOTHING_THERE = 0;

  /** {@link #look}: the client has closed the connection, or its side of it. */
  static final int END = -1;

  /** {@link #look}: nobody knows. */
  static final int NO_ROOM = -2;

  private final Wire wire;
  private final SocketInput socket;
  private final BufferPool.Share share;
  private Slab slab;
  private int position;
  private int limit;

  /**
   * @param socket where the wire gets its bytes from
   */
  Input(Wire wire, SocketInput socket, BufferPool.Share share) throws IOException {
    this.wire = wire;
    this.socket = socket;
    this.share = share;
    this.slab = required(share.take(BufferPool.STANDARD));
  }

  private static Slab required(@Nullable Slab slab) throws IOException {
    if (slab == null) {
      throw new AsynchronousCloseException();
    }
    return slab;
  }

  int available() {
    return limit - position;
  }

  /** The memory under the window; absolute positions count from {@link #position}. */
  ByteBuffer bytes() {
    return slab.bytes;
  }

  Slab slab() {
    return slab;
  }

  int position() {
    return position;
  }

  void consume(int bytes) {
    position += bytes;
  }

  /**
   * Reads what the socket has, waiting for the first byte, into memory where {@code wanted} bytes
   * from the present position have room. May wait for that memory.
   *
   * @param most bytes to read
   * @return false at the end of the stream
   */
  boolean fill(int wanted, int most) throws IOException {
    if (slab.size > BufferPool.STANDARD) {
      shrink();
    } else if (slab.unshared()) {
      moveTo(slab);
    } else if (slab.size - position < wanted || slab.size - limit < WORTH_READING) {
      exchange(required(share.take(BufferPool.STANDARD)));
    }
    return read(Math.min(slab.size - limit - FOR_LOOKS, most)) >= 0;
  }

  /**
   * As {@link #look}, and takes more memory for that if there is any: up to 32 MiB for what has
   * come and is not consumed.
   */
  int lookFurther() throws IOException {
    int found = look(Integer.MAX_VALUE);
    return found == NO_ROOM && grow() ? look(Integer.MAX_VALUE) : found;
  }

  /**
   * Reads what the socket has, without waiting for anything.
   *
   * @param most bytes to read
   * @return how many bytes have come; or one of the constants above
   */
  int look(int most) throws IOException {
    if (slab.unshared()) {
      moveTo(slab);
    }
    if (limit == slab.size) {
      return NO_ROOM;
    }
    socket.setWaits(false);
    try {
      return read(Math.min(slab.size - limit, most));
    } finally {
      socket.setWaits(true);
    }
  }

  /** Whether what was received and not consumed ends with a request of this type, as it seems. */
  boolean endsWith(int type) {
    int at = limit - Protocol.REQUEST_BYTES;
    return at >= position
        && slab.bytes.getInt(at) == Protocol.REQUEST_MAGIC
        && slab.bytes.getShort(at + Protocol.REQUEST_TYPE_AT) == type;
  }

  /**
   * Goes on in the usual memory. If there is none, waits for it, or until what is in the large one
   * is needed no longer: whoever holds much must not wait for others alone.
   */
  private void shrink() {
    Slab next = share.tryTake(BufferPool.STANDARD);
    while (next == null && !slab.unshared()) {
      LockSupport.parkNanos(TRY_AGAIN_NS);
      next = share.tryTake(BufferPool.STANDARD);
    }
    if (next != null) {
      exchange(next);
    } else {
      moveTo(slab);
    }
  }

  private boolean grow() {
    int size = Math.max(BufferPool.STANDARD, Integer.highestOneBit(available()) * 2);
    Slab next = size > Protocol.MAX_PAYLOAD ? null : share.tryTake(size);
    if (next == null) {
      return false;
    }
    exchange(next);
    return true;
  }

  private int read(int room) throws IOException {
    int count = wire.read(slab.view(0, limit + room).position(limit));
    limit += Math.max(count, 0);
    return count;
  }

  private void exchange(Slab next) {
    Slab previous = slab;
    moveTo(next);
    previous.release();
  }

  private void moveTo(Slab target) {
    int length = available();
    if (length > 0 && (position > 0 || target != slab)) {
      MemorySegment.copy(slab.memory, position, target.memory, 0, length);
    }
    slab = target;
    position = 0;
    limit = length;
  }

  /** Waits until {@code bytes} are available; false if the stream ended before. */
  boolean await(int bytes) throws IOException {
    while (available() < bytes) {
      if (!fill(bytes, Integer.MAX_VALUE)) {
        return false;
      }
    }
    return true;
  }

  /** Reads and drops; false if the stream ended before. */
  boolean skip(long bytes) throws IOException {
    long left = bytes;
    while (left > available()) {
      left -= available();
      position = limit;
      if (!fill(1, Integer.MAX_VALUE)) {
        return false;
      }
    }
    position += (int) left;
    return true;
  }

  /**
   * Moves the next {@code bytes} to the start of {@code target}; false if the stream ended before.
   *
   * @param turn told how that gets on
   */
  boolean moveTo(Slab target, int bytes, ClientTurn.Direction turn) throws IOException {
    int here = Math.min(available(), bytes);
    MemorySegment.copy(slab.memory, position, target.memory, 0, here);
    position += here;
    ByteBuffer rest = target.view(0, bytes).position(here);
    turn.begin();
    while (rest.hasRemaining()) {
      int count = wire.read(rest);
      if (count < 0) {
        return false;
      }
      turn.moved(count);
    }
    turn.end();
    return true;
  }

  void release() {
    slab.release();
  }
}
