package writeboost.nbd;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import writeboost.device.Errno;

/** Finds the requests that a server answers. One thread; trusts the server with nothing. */
final class Receiver {

  private static final int INPUT_BYTES = 512 << 10;

  private final Traffic traffic;
  private final MemorySegment input;

  /** Between position and limit is what was received and not looked at. */
  private final ByteBuffer bytes;

  /**
   * @param arena of its thread
   */
  Receiver(Traffic traffic, Arena arena) {
    this.traffic = traffic;
    input = arena.allocate(INPUT_BYTES, 4096);
    bytes = input.asByteBuffer();
  }

  /** Until the connection ends; the answer says how. */
  IOException receive(Link link) {
    bytes.clear().limit(0);
    try {
      while (true) {
        takeReply(link);
      }
    } catch (IOException e) {
      return e;
    }
  }

  private void takeReply(Link link) throws IOException {
    await(link, Protocol.REPLY_BYTES);
    if (bytes.getInt() != Protocol.SIMPLE_REPLY_MAGIC) {
      throw new ProtocolException("something that is not a reply");
    }
    int error = ours(bytes.getInt());
    Part part = traffic.inFlight(bytes.getLong());
    if (part == null) {
      throw new ProtocolException("a reply to nothing that was asked");
    }
    if (part.command == Protocol.CMD_READ && error == Errno.OK) {
      takePayload(link, part);
    }
    traffic.answered(part, error);
  }

  private void await(Link link, int wanted) throws IOException {
    while (bytes.remaining() < wanted) {
      bytes.compact();
      try {
        link.read(bytes);
      } finally {
        bytes.flip();
      }
    }
  }

  private void takePayload(Link link, Part part) throws IOException {
    long done = 0;
    while (done < part.length) {
      await(link, 1);
      int piece = (int) Math.min(bytes.remaining(), part.length - done);
      MemorySegment.copy(input, bytes.position(), part.memory(), part.dataOffset + done, piece);
      bytes.position(bytes.position() + piece);
      done += piece;
    }
  }

  /** What the specification does not name is an I/O error. */
  private static int ours(int error) {
    return switch (error) {
      case Errno.OK,
          Errno.EPERM,
          Errno.EIO,
          Errno.ENOMEM,
          Errno.EINVAL,
          Errno.ENOSPC,
          Errno.ENOTSUP,
          Errno.ESHUTDOWN ->
          error;
      default -> Errno.EIO;
    };
  }
}
