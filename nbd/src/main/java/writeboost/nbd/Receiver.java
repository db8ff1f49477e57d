package writeboost.nbd;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.ProtocolException;
import writeboost.device.Errno;

/** Finds the requests that a server answers. One thread; trusts the server with nothing. */
final class Receiver {

  private final Traffic traffic;
  private final Incoming in;
  private final Chunks chunks;

  /**
   * @param arena of its thread
   */
  Receiver(Traffic traffic, Arena arena) {
    this.traffic = traffic;
    in = new Incoming(arena);
    chunks = new Chunks(traffic, in);
  }

  /** Until the connection ends; the answer says how. */
  IOException receive(Link link) {
    in.clear();
    try {
      while (true) {
        takeReply(link);
      }
    } catch (IOException e) {
      return e;
    }
  }

  private void takeReply(Link link) throws IOException {
    in.await(link, Protocol.REPLY_BYTES);
    int magic = in.getInt();
    if (magic == Protocol.SIMPLE_REPLY_MAGIC) {
      takeSimple(link);
    } else if (magic == Protocol.CHUNK_MAGIC && link.export.structured()) {
      chunks.take(link);
    } else {
      throw new ProtocolException("something that is not a reply");
    }
  }

  private void takeSimple(Link link) throws IOException {
    int error = ours(in.getInt());
    Part part = traffic.asked(in.getLong());
    if (link.export.structured() && part.mustHaveChunks()) {
      throw new ProtocolException("a simple reply where it has to be a structured one");
    }
    if (part.command == Protocol.CMD_READ && error == Errno.OK) {
      in.moveTo(link, part.memory(), part.dataOffset, part.length);
    }
    traffic.answered(part, error);
  }

  /** What the specification does not name is an I/O error. */
  static int ours(int error) {
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
