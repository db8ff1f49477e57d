package writeboost.nbd;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * A request on the wire: all or a piece of a {@link Submission}. Belongs to {@link Traffic}, whose
 * lock guards it; while it is in flight only {@link #copied} changes.
 */
final class Part {
  final int slot;

  /** Tells the requests that used this slot one after another from each other. */
  int use;

  /** Null while the part is free. */
  @Nullable Submission submission;

  int command;
  int flags;
  long offset;
  long length;

  /** A WRITE of zeroes has no memory of its own. */
  boolean zeroes;

  /** Of the payload in the memory of the request. */
  long dataOffset;

  /** What a FLUSH covers. */
  long mark;

  // Of a reply in chunks; the receiver's thread.
  final Coverage coverage = new Coverage();
  int error;
  boolean described;

  /**
   * The sender needs the memory of the request no more. Set before the last byte is sent, so before
   * any honest answer.
   */
  volatile boolean copied;

  Part(int slot) {
    this.slot = slot;
  }

  /** Before a use: of what is asked for, nothing has come. */
  void begin(Submission of) {
    use++;
    copied = false;
    submission = of;
    coverage.clear();
    error = Errno.OK;
    described = false;
  }

  void flush(long newMark) {
    command = Protocol.CMD_FLUSH;
    flags = 0;
    offset = 0;
    length = 0;
    mark = newMark;
  }

  /** A hint, or a question: of its range as much as one request can be for. */
  void aside(int newCommand, Request request, RemoteExport export, long maxRange) {
    boolean caching = newCommand == Protocol.CMD_CACHE;
    command = newCommand;
    offset = request.offset;
    flags = 0;
    if (!caching && question().most() == 1 && question().offset == offset) {
      flags = Protocol.CMD_FLAG_REQ_ONE;
    }
    length = Math.min(request.length, caching ? export.maximumPayload() : maxRange);
  }

  /** As much of {@code request}, from {@code done} bytes on, as the server takes at once. */
  void range(Request request, long done, RemoteExport export, long maxRange) {
    boolean zeroing = request.operation == Operation.WRITE_ZEROES;
    zeroes = zeroing && !export.canZero();
    command =
        switch (request.operation) {
          case READ -> Protocol.CMD_READ;
          case WRITE -> Protocol.CMD_WRITE;
          case WRITE_ZEROES -> zeroes ? Protocol.CMD_WRITE : Protocol.CMD_WRITE_ZEROES;
          case TRIM -> Protocol.CMD_TRIM;
          case FLUSH -> throw new IllegalArgumentException("a FLUSH has no range");
        };
    boolean payload = command == Protocol.CMD_READ || command == Protocol.CMD_WRITE;
    offset = request.offset + done;
    length = Math.min(request.length - done, payload ? export.maximumPayload() : maxRange);
    dataOffset = request.dataOffset + done;
    flags = 0;
    if (changes() && request.has(Request.FUA) && export.canFua()) {
      flags |= Protocol.CMD_FLAG_FUA;
    }
    if (command == Protocol.CMD_WRITE_ZEROES) {
      flags |= request.has(Request.NO_HOLE) ? Protocol.CMD_FLAG_NO_HOLE : 0;
      flags |= request.has(Request.FAST_ZERO) ? Protocol.CMD_FLAG_FAST_ZERO : 0;
    }
  }

  boolean hasPayload() {
    return command == Protocol.CMD_WRITE;
  }

  /** Whether a server that has structured replies must send one. */
  boolean mustHaveChunks() {
    return command == Protocol.CMD_READ || command == Protocol.CMD_BLOCK_STATUS;
  }

  /** Of a BLOCK_STATUS. */
  Extents question() {
    return (Extents) Objects.requireNonNull(submission().request().attachment);
  }

  MemorySegment memory() {
    return submission().request().data;
  }

  Submission submission() {
    Submission whole = submission;
    if (whole == null) {
      throw new IllegalStateException("a part that is free");
    }
    return whole;
  }

  long cookie() {
    return (long) use << 32 | slot;
  }

  /** Whether it takes part in what a late server could still do. */
  boolean changes() {
    return switch (command) {
      case Protocol.CMD_WRITE, Protocol.CMD_WRITE_ZEROES, Protocol.CMD_TRIM -> true;
      default -> false;
    };
  }
}
