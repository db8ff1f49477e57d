package writeboost.nbd;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.ProtocolException;
import java.util.concurrent.TimeUnit;
import writeboost.device.Errno;
import writeboost.device.Extents;

/**
 * Structured replies: the chunks of many replies, in any order between each other. What a READ was
 * not answered, was answered twice, or was not asked for is a breach of the protocol, and ends the
 * connection. The receiver's thread.
 */
final class Chunks {

  /** As the specification has it: of one chunk. */
  private static final int MAX_EXTENTS = 1 << 20;

  private static final int EXTENT_BYTES = 8;
  private static final int CONTEXT_BYTES = 4;

  /** The bit of the types that are errors, known or not. */
  private static final int ERROR_BIT = 1 << 15;

  /** Of a kind of error that nobody knows yet. */
  private static final int MAX_ERROR_BYTES = 64 << 10;

  private static final long BETWEEN_MESSAGES_NS = TimeUnit.SECONDS.toNanos(10);

  private static final System.Logger LOG = System.getLogger(Chunks.class.getPackageName());

  private final Traffic traffic;
  private final Incoming in;
  private long messageNs = System.nanoTime() - BETWEEN_MESSAGES_NS;

  Chunks(Traffic traffic, Incoming in) {
    this.traffic = traffic;
    this.in = in;
  }

  /** One chunk, whose magic was taken. */
  void take(Link link) throws IOException {
    in.await(link, Protocol.CHUNK_BYTES - Integer.BYTES);
    boolean last = (in.getShort() & Protocol.CHUNK_DONE) != 0;
    int type = in.getShort() & 0xffff;
    Part part = traffic.asked(in.getLong());
    long length = in.getInt() & 0xffff_ffffL;
    switch (type) {
      case Protocol.CHUNK_NONE -> require(length == 0 && last, "an end with more behind it");
      case Protocol.CHUNK_OFFSET_DATA -> takeData(link, part, length);
      case Protocol.CHUNK_OFFSET_HOLE -> takeHole(link, part, length);
      case Protocol.CHUNK_BLOCK_STATUS -> takeStatus(link, part, length);
      default -> takeError(link, part, type, length);
    }
    if (last) {
      end(part);
    }
  }

  private void end(Part part) throws ProtocolException {
    if (part.error == Errno.OK) {
      boolean whole =
          switch (part.command) {
            case Protocol.CMD_READ -> part.coverage.covers(part.offset, part.offset + part.length);
            case Protocol.CMD_BLOCK_STATUS -> part.described;
            default -> true;
          };
      require(whole, "less than was asked for");
    }
    traffic.answered(part, part.error);
  }

  // data

  private void takeData(Link link, Part part, long length) throws IOException {
    long bytes = length - Protocol.OFFSET_BYTES;
    require(bytes > 0, "a chunk of data with none");
    in.await(link, Protocol.OFFSET_BYTES);
    long from = cover(part, in.getLong(), bytes);
    in.moveTo(link, part.memory(), from, bytes);
  }

  private void takeHole(Link link, Part part, long length) throws IOException {
    require(length == Protocol.HOLE_BYTES, "a malformed hole");
    in.await(link, Protocol.HOLE_BYTES);
    long offset = in.getLong();
    long bytes = in.getInt() & 0xffff_ffffL;
    require(bytes > 0, "a hole of nothing");
    long from = cover(part, offset, bytes);
    part.memory().asSlice(from, bytes).fill((byte) 0);
    traffic.knownZeroes(part, offset, bytes);
  }

  /** Where these bytes of the export belong in the memory of {@code part}. */
  private long cover(Part part, long offset, long bytes) throws ProtocolException {
    require(part.command == Protocol.CMD_READ, "data for a request that is no READ");
    long at = offset - part.offset;
    boolean within = at >= 0 && offset >= 0 && at < part.length && bytes <= part.length - at;
    require(within, "data that was not asked for");
    require(part.coverage.add(offset, offset + bytes), "the same data twice, or in crumbs");
    return part.dataOffset + at;
  }

  // block status

  private void takeStatus(Link link, Part part, long length) throws IOException {
    require(part.command == Protocol.CMD_BLOCK_STATUS, "a block status that was not asked for");
    require(!part.described, "a block status twice");
    long extents = (length - CONTEXT_BYTES) / EXTENT_BYTES;
    boolean sound =
        length > CONTEXT_BYTES
            && (length - CONTEXT_BYTES) % EXTENT_BYTES == 0
            && extents <= MAX_EXTENTS;
    require(sound, "a malformed block status");
    in.await(link, CONTEXT_BYTES);
    require(
        (in.getInt() & 0xffff_ffffL) == link.export.context(), "a block status of another context");
    part.described = true;
    Extents answer = part.question();
    long skipped = answer.offset - part.offset; // what was asked begins on a block
    long at = 0;
    for (long i = 0; i < extents; i++) {
      in.await(link, EXTENT_BYTES);
      long bytes = in.getInt() & 0xffff_ffffL;
      int state = in.getInt() & (Extents.HOLE | Extents.ZERO);
      require(bytes > 0 && at < part.length, "extents that were not asked for");
      long from = Math.max(at, skipped);
      at += bytes;
      if (at > from) {
        answer.add(Math.min(at, part.length) - from, state);
      }
    }
  }

  // errors

  private void takeError(Link link, Part part, int type, long length) throws IOException {
    require((type & ERROR_BIT) != 0, "a chunk of unknown type " + type);
    boolean sound = length >= Protocol.ERROR_BYTES && length <= MAX_ERROR_BYTES;
    require(sound, "a malformed error");
    in.await(link, Protocol.ERROR_BYTES);
    int error = in.getInt();
    int text = in.getShort() & 0xffff;
    long rest = length - Protocol.ERROR_BYTES - text;
    boolean fits =
        switch (type) {
          case Protocol.CHUNK_ERROR -> rest == 0;
          case Protocol.CHUNK_ERROR_OFFSET -> rest == Protocol.OFFSET_BYTES;
          default -> rest >= 0;
        };
    require(error != 0 && fits && text <= Protocol.MAX_STRING_BYTES, "a malformed error");
    byte[] message = in.text(link, text);
    if (type == Protocol.CHUNK_ERROR_OFFSET) {
      in.await(link, Protocol.OFFSET_BYTES);
      long at = in.getLong() - part.offset;
      require(at >= 0 && at < Math.max(part.length, 1), "an error elsewhere");
    } else {
      in.skip(link, rest);
    }
    if (part.error == Errno.OK) {
      part.error = Receiver.ours(error);
      tell(link, part, message);
    }
  }

  /** Now and then: a server can say as much as it likes. */
  private void tell(Link link, Part part, byte[] message) {
    long now = System.nanoTime();
    if (message.length > 0 && now - messageNs >= BETWEEN_MESSAGES_NS) {
      messageNs = now;
      LOG.log(
          Level.WARNING,
          "{0}: command {1} at {2} failed with {3}: \"{4}\"",
          Printable.of(link.export.name()),
          part.command,
          part.offset,
          Errno.name(part.error),
          Printable.of(message));
    }
  }

  private static void require(boolean kept, String sent) throws ProtocolException {
    if (!kept) {
      throw new ProtocolException(sent);
    }
  }
}
