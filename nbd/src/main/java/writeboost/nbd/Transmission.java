package writeboost.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.channels.AsynchronousCloseException;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Operation;

/**
 * The loop of one connection, on its thread: read as much as there is in one call, submit every
 * whole request in it as one batch, write every reply that came of it in one call, read again.
 *
 * <p>Long payloads are the exception: see {@link Backlog}.
 *
 * <p>It parks in three places only: reading, writing (the client is slow), and when all memory or
 * all commands are in use. It always submits and answers what it has before. (To submit, it may
 * have to wait for others that submit: see {@link ChangeOrder}.)
 */
final class Transmission {

  /** The payload of a longer WRITE, unless it came whole, is received in a slab of its own. */
  private static final int LONGEST_IN_PLACE = 64 << 10;

  /** A longer READ is answered from a slab of its own. */
  private static final int LONGEST_SHARING = 64 << 10;

  private final BlockDevice device;
  private final List<Negotiated.ChosenContext> contexts;
  private final boolean structured;
  private final BufferPool.Share share;
  private final Input input;
  private final Batch batch;
  private final Outbound outbound;
  private final RequestParser next;
  private final BooleanSupplier draining;
  private final boolean timed;
  private final ClientTurn turn;
  private final Backlog backlog;

  /** Short READs are answered from here, one after another from whole pages. */
  private @Nullable Slab replies;

  private int repliesUsed;

  /** Bytes that must be there before there is something to do. */
  private int wanted;

  /** When what is being parsed was read; 0 where nobody asks for that. */
  private long receivedNs;

  /** The last WRITE was received in a slab of its own: the next probably will be, too. */
  private boolean longWrites;

  /**
   * @param timed requests are told when they came
   * @param turn told of the waiting for payload
   * @param backlog for what is to be submitted while the next payload comes
   */
  Transmission(
      Negotiated negotiated,
      BufferPool.Share share,
      Input input,
      Batch batch,
      Outbound outbound,
      BooleanSupplier draining,
      boolean timed,
      ClientTurn turn,
      Backlog backlog) {
    this.device = negotiated.exported().device();
    this.contexts = negotiated.contexts();
    this.structured = negotiated.structured();
    this.share = share;
    this.input = input;
    this.batch = batch;
    this.outbound = outbound;
    this.next = new RequestParser(negotiated);
    this.draining = draining;
    this.timed = timed;
    this.turn = turn;
    this.backlog = backlog;
  }

  /**
   * Serves until the client disconnects.
   *
   * @return whether it did so by request, and waits for what is in flight
   */
  boolean serve() throws IOException {
    look();
    while (parse()) {
      int left = input.available();
      boolean goesOn = submit() && (input.available() > left || fill()); // it may have read on
      if (!goesOn) {
        backlog.awaitEmpty();
        outbound.awaitWritten(); // it may read still; what is in the device is not waited for
        return draining.getAsBoolean();
      }
      look();
    }
    batch.submitUnseen();
    outbound.drain();
    return true;
  }

  /** False at the end of the stream. */
  private boolean fill() throws IOException {
    // The header alone, when a long payload is expected: that is then received where it stays.
    int most = longWrites ? Protocol.REQUEST_BYTES - input.available() : Integer.MAX_VALUE;
    if (!input.fill(wanted, most)) {
      return false;
    }
    requireClient();
    return true;
  }

  /** At the clock: once for all that one call has read. */
  private void look() {
    receivedNs = timed ? System.nanoTime() : 0;
  }

  /** Takes in every request that is there whole; false at a DISC. */
  private boolean parse() throws IOException {
    wanted = Protocol.REQUEST_BYTES;
    while (input.available() >= Protocol.REQUEST_BYTES) {
      if (!next.decode(input.bytes(), input.position())) {
        throw new ProtocolException("something that is not a request");
      }
      if (next.type == Protocol.CMD_DISC) {
        return false;
      }
      int error = draining.getAsBoolean() ? Errno.ESHUTDOWN : next.check();
      if (error == Errno.OK && isShortWrite()) {
        int whole = Protocol.REQUEST_BYTES + (int) next.length;
        longWrites = false;
        if (input.available() < whole) {
          wanted = whole;
          return true;
        }
      }
      input.consume(Protocol.REQUEST_BYTES);
      take(command(), error);
    }
    return true;
  }

  private boolean isShortWrite() {
    return next.type == Protocol.CMD_WRITE && next.length <= LONGEST_IN_PLACE;
  }

  private void take(Command command, int error) throws IOException {
    command.type = next.type;
    command.cookie = next.cookie;
    command.request.zeroes = null;
    boolean nothing = next.length == 0 && next.type != Protocol.CMD_FLUSH;
    if (error != Errno.OK || nothing || next.type == Protocol.CMD_CACHE) {
      answerNow(command, error);
      return;
    }
    if (next.type == Protocol.CMD_BLOCK_STATUS) {
      status(command);
      return;
    }
    command.receivedNs = receivedNs;
    switch (next.type) {
      case Protocol.CMD_READ -> read(command);
      case Protocol.CMD_WRITE -> write(command);
      case Protocol.CMD_TRIM -> change(command, Operation.TRIM);
      case Protocol.CMD_WRITE_ZEROES -> change(command, Operation.WRITE_ZEROES);
      default -> change(command, Operation.FLUSH);
    }
    batch.add(command);
  }

  /** Nothing of it goes to the device, but for a hint. */
  private void answerNow(Command command, int error) throws IOException {
    command.request.set(Operation.FLUSH, 0, 0, 0);
    command.receivedNs = 0;
    if (next.type == Protocol.CMD_WRITE) {
      drop(next.length);
    } else if (next.type == Protocol.CMD_CACHE && error == Errno.OK && next.length > 0) {
      device.prefetch(next.offset, next.length);
    }
    outbound.answer(command, error);
  }

  private void status(Command command) throws IOException {
    command.request.set(Operation.FLUSH, 0, 0, 0);
    command.receivedNs = 0;
    StatusQuery query = outbound.tryTakeQuery(contexts);
    while (query == null) {
      flush();
      if (!outbound.awaitQuery()) {
        throw new AsynchronousCloseException();
      }
      query = outbound.tryTakeQuery(contexts);
    }
    command.status = query;
    takeReplyRoom(command, StatusQuery.mostBytes(contexts.size()));
    outbound.submitting(command);
    query.ask(command, next.offset, next.length, next.has(Protocol.CMD_FLAG_REQ_ONE));
  }

  private void change(Command command, Operation operation) {
    command.request.set(operation, next.requestFlags(), next.offset, next.length);
  }

  private void write(Command command) throws IOException {
    int length = (int) next.length;
    int at = 0;
    if (input.available() >= length) {
      command.slab = input.slab().retain();
      at = input.position();
      input.consume(length);
    } else {
      command.slab = slabForWrite(length);
      flush();
      requireClient();
      if (!input.moveTo(command.slab, length, turn.payload())) {
        throw new EOFException();
      }
      longWrites = true;
      batch.becomeLong();
    }
    command.request.set(
        Operation.WRITE, next.requestFlags(), next.offset, length, command.slab.memory, at);
  }

  private void read(Command command) throws IOException {
    int length = (int) next.length;
    Slab slab = takeReplyRoom(command, length);
    command.request.set(
        Operation.READ, next.requestFlags(), next.offset, length, slab.memory, command.payloadAt);
    if (structured && !next.has(Protocol.CMD_FLAG_DF)) {
      command.request.zeroes = command.zeroes();
    }
  }

  /** Memory for {@code bytes} of the reply, at the start of a page. */
  private Slab takeReplyRoom(Command command, int bytes) throws IOException {
    Slab slab;
    int at = 0;
    if (bytes > LONGEST_SHARING) {
      slab = slabForRead(bytes);
    } else {
      int room = (bytes + Slab.PAGE - 1) & -Slab.PAGE;
      slab = repliesWith(room).retain();
      at = repliesUsed;
      repliesUsed += room;
    }
    command.slab = slab;
    command.payloadAt = at;
    return slab;
  }

  private Slab repliesWith(int room) throws IOException {
    if (replies != null && replies.unshared()) {
      repliesUsed = 0;
    }
    if (replies != null && repliesUsed + room <= replies.size) {
      return replies;
    }
    flush();
    if (replies != null && replies.unshared()) {
      repliesUsed = 0;
      return replies;
    }
    releaseReplies(); // before waiting for another: this one is free when its last READ is answered
    repliesUsed = 0;
    replies = slabForRead(BufferPool.STANDARD);
    return replies;
  }

  private void drop(long bytes) throws IOException {
    if (bytes > input.available()) {
      flush();
    }
    if (!input.skip(bytes)) {
      throw new EOFException();
    }
  }

  private Slab slabForWrite(int bytes) throws IOException {
    Slab slab = share.tryTake(bytes);
    if (slab == null) {
      flush();
      slab = share.take(bytes);
    }
    return open(slab);
  }

  /**
   * After a wait for memory, in which the client may have given us up and sent its requests again
   * on another connection: what is left of the old ones must not be carried out. A client that is
   * gone takes no replies.
   */
  private void requireClient() throws IOException {
    if (share.takeWaited() && !outbound.awaitWritten()) {
      throw new AsynchronousCloseException();
    }
  }

  private Slab slabForRead(int bytes) throws IOException {
    Slab slab = share.tryTakeForRead(bytes);
    if (slab == null) {
      flush();
      slab = share.takeForRead(bytes);
    }
    return open(slab);
  }

  private static Slab open(@Nullable Slab slab) throws IOException {
    if (slab == null) {
      throw new AsynchronousCloseException();
    }
    return slab;
  }

  private Command command() throws IOException {
    Command command = outbound.tryTake();
    while (command == null) {
      flush();
      if (!outbound.awaitFree()) {
        throw new AsynchronousCloseException();
      }
      command = outbound.tryTake();
    }
    return command;
  }

  /** Submits the batch and answers what is complete; false if nothing more will come. */
  private boolean submit() throws IOException {
    boolean submitted = batch.submit();
    outbound.drain();
    return submitted;
  }

  /** As {@link #submit}, in the middle of a request. */
  private void flush() throws IOException {
    if (!submit() && !draining.getAsBoolean()) {
      outbound.awaitWritten();
      throw new AsynchronousCloseException();
    }
  }

  void releaseReplies() {
    if (replies != null) {
      replies.release();
      replies = null;
    }
  }
}
