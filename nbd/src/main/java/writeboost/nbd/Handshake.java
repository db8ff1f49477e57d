package writeboost.nbd;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import writeboost.device.BlockDevice;
import writeboost.device.Limits;

/** The handshake and option phase of one client. Only the connection's thread. */
final class Handshake {

  /** Of an option that we know; names are at most 4096, the rest is a few numbers. */
  private static final int MAX_OPTION_BYTES = 16 << 10;

  private static final int MAX_REPLY_BYTES = 16 << 10;

  private final Wire wire;
  private final Input input;
  private final Export export;
  private final BlockDevice device;
  private final byte[] name;
  private final ByteBuffer output = ByteBuffer.allocate(MAX_REPLY_BYTES);
  private boolean noZeroes;

  Handshake(Wire wire, Input input, Export export, BlockDevice device) {
    this.wire = wire;
    this.input = input;
    this.export = export;
    this.device = device;
    this.name = export.name().getBytes(StandardCharsets.UTF_8);
  }

  /** Whether it ended in transmission; if not, the client did not want more. */
  boolean negotiate() throws IOException {
    output.putLong(Protocol.NBD_MAGIC).putLong(Protocol.OPTION_MAGIC);
    output.putShort((short) (Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES));
    send();
    if (!input.await(Protocol.CLIENT_FLAGS_BYTES)) {
      return false;
    }
    int flags = input.bytes().getInt(input.position());
    input.consume(Protocol.CLIENT_FLAGS_BYTES);
    if ((flags & ~(Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES)) != 0) {
      throw new ProtocolException("unknown client flags 0x" + Integer.toHexString(flags));
    }
    noZeroes = (flags & Protocol.FLAG_NO_ZEROES) != 0;
    Next next = Next.OPTION;
    while (next == Next.OPTION) {
      next = option();
    }
    return next == Next.TRANSMISSION;
  }

  private enum Next {
    OPTION,
    TRANSMISSION,
    END
  }

  private Next option() throws IOException {
    if (!input.await(Protocol.OPTION_HEADER_BYTES)) {
      return Next.END;
    }
    int at = input.position();
    if (input.bytes().getLong(at) != Protocol.OPTION_MAGIC) {
      throw new ProtocolException("something that is not an option");
    }
    int option = input.bytes().getInt(at + 8);
    long length = input.bytes().getInt(at + 12) & 0xffff_ffffL;
    input.consume(Protocol.OPTION_HEADER_BYTES);
    if (!isKnown(option) || length > MAX_OPTION_BYTES) {
      return pass(option, length);
    }
    if (!input.await((int) length)) {
      return Next.END;
    }
    byte[] data = new byte[(int) length];
    input.bytes().get(input.position(), data);
    input.consume((int) length);
    return switch (option) {
      case Protocol.OPT_EXPORT_NAME -> exportName(data);
      case Protocol.OPT_ABORT -> abort();
      case Protocol.OPT_LIST -> list(data);
      default -> info(option, ByteBuffer.wrap(data));
    };
  }

  private static boolean isKnown(int option) {
    return switch (option) {
      case Protocol.OPT_EXPORT_NAME,
          Protocol.OPT_ABORT,
          Protocol.OPT_LIST,
          Protocol.OPT_INFO,
          Protocol.OPT_GO ->
          true;
      default -> false;
    };
  }

  /** Not for us; but the next option may be. */
  private Next pass(int option, long length) throws IOException {
    if (option == Protocol.OPT_EXPORT_NAME) { // there is no way to answer it
      throw new ProtocolException("an export name of " + length + " bytes");
    }
    if (!input.skip(length)) {
      return Next.END;
    }
    reply(option, isKnown(option) ? Protocol.REP_ERR_TOO_BIG : Protocol.REP_ERR_UNSUP, 0);
    send();
    return Next.OPTION;
  }

  /** The old way in. A name that is not ours can be refused only by closing. */
  private Next exportName(byte[] requested) throws IOException {
    if (!isOurs(requested)) {
      throw new ProtocolException("unknown export \"" + Printable.of(requested) + '"');
    }
    putSizeAndFlags();
    if (!noZeroes) {
      output.put(new byte[Protocol.EXPORT_NAME_ZEROES]);
    }
    send();
    return Next.TRANSMISSION;
  }

  private Next abort() throws IOException {
    reply(Protocol.OPT_ABORT, Protocol.REP_ACK, 0);
    send();
    return Next.END;
  }

  private Next list(byte[] data) throws IOException {
    if (data.length != 0) {
      reply(Protocol.OPT_LIST, Protocol.REP_ERR_INVALID, 0);
    } else {
      byte[] description = export.description().getBytes(StandardCharsets.UTF_8);
      reply(Protocol.OPT_LIST, Protocol.REP_SERVER, 4 + name.length + description.length);
      output.putInt(name.length).put(name).put(description);
      reply(Protocol.OPT_LIST, Protocol.REP_ACK, 0);
    }
    send();
    return Next.OPTION;
  }

  /** INFO and GO: name length 4 | name | count 2 | count times 2. */
  private Next info(int option, ByteBuffer data) throws IOException {
    long nameLength = data.remaining() < 6 ? -1 : data.getInt() & 0xffff_ffffL;
    if (nameLength < 0 || nameLength > data.remaining() - 2) {
      return refuse(option, Protocol.REP_ERR_INVALID);
    }
    byte[] requested = new byte[(int) nameLength];
    data.get(requested);
    int count = data.getShort() & 0xffff;
    if (data.remaining() != 2 * count) {
      return refuse(option, Protocol.REP_ERR_INVALID);
    }
    if (!isOurs(requested)) {
      return refuse(option, Protocol.REP_ERR_UNKNOWN);
    }
    replyInfo(option, data);
    reply(option, Protocol.REP_ACK, 0);
    send();
    return option == Protocol.OPT_GO ? Next.TRANSMISSION : Next.OPTION;
  }

  private void replyInfo(int option, ByteBuffer wanted) {
    reply(option, Protocol.REP_INFO, 12);
    output.putShort((short) Protocol.INFO_EXPORT);
    putSizeAndFlags();
    int told = 0;
    while (wanted.hasRemaining()) {
      int item = wanted.getShort() & 0xffff;
      if (item <= Protocol.INFO_BLOCK_SIZE && (told & 1 << item) == 0) {
        told |= 1 << item;
        replyInfoItem(option, item);
      }
    }
  }

  private void replyInfoItem(int option, int item) {
    switch (item) {
      case Protocol.INFO_NAME -> replyText(option, item, name);
      case Protocol.INFO_DESCRIPTION ->
          replyText(option, item, export.description().getBytes(StandardCharsets.UTF_8));
      case Protocol.INFO_BLOCK_SIZE -> {
        Limits limits = device.limits();
        reply(option, Protocol.REP_INFO, 14);
        output.putShort((short) item).putInt(Math.max(limits.alignment(), Protocol.SECTOR));
        output.putInt(
            Math.clamp(limits.preferred(), Protocol.PREFERRED_BLOCK, Protocol.MAX_PAYLOAD));
        output.putInt(Protocol.MAX_PAYLOAD);
      }
      default -> {} // INFO_EXPORT is told already
    }
  }

  private void replyText(int option, int item, byte[] text) {
    reply(option, Protocol.REP_INFO, 2 + text.length);
    output.putShort((short) item).put(text);
  }

  private Next refuse(int option, int error) throws IOException {
    reply(option, error, 0);
    send();
    return Next.OPTION;
  }

  private boolean isOurs(byte[] requested) {
    return requested.length == 0 || Arrays.equals(requested, name);
  }

  private void putSizeAndFlags() {
    output.putLong(device.size()).putShort((short) transmissionFlags());
  }

  private int transmissionFlags() {
    int flags =
        Protocol.TRANSMIT_HAS_FLAGS
            | Protocol.TRANSMIT_SEND_FLUSH
            | Protocol.TRANSMIT_SEND_FUA
            | Protocol.TRANSMIT_CAN_MULTI_CONN;
    Limits limits = device.limits();
    if (export.readOnly() || limits.readOnly()) {
      return flags | Protocol.TRANSMIT_READ_ONLY;
    }
    if (limits.canTrim()) {
      flags |= Protocol.TRANSMIT_SEND_TRIM;
    }
    if (limits.canZero()) {
      flags |= Protocol.TRANSMIT_SEND_WRITE_ZEROES;
    }
    return flags;
  }

  private void reply(int option, int type, int length) {
    output.putLong(Protocol.OPTION_REPLY_MAGIC).putInt(option).putInt(type).putInt(length);
  }

  private void send() throws IOException {
    output.flip();
    while (output.hasRemaining()) {
      wire.write(output);
    }
    output.clear();
  }
}
