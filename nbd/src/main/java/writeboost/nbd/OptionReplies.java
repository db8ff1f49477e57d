package writeboost.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import writeboost.device.Limits;

/**
 * The server's side of the option phase: replies, gathered until {@link #send}. Only the
 * connection's thread.
 */
final class OptionReplies {

  /** Any one reply has room; longer sequences are sent in between. */
  private static final int BYTES = 16 << 10;

  private final Wire wire;
  private final ByteBuffer output = ByteBuffer.allocate(BYTES);

  OptionReplies(Wire wire) {
    this.wire = wire;
  }

  void greeting() throws IOException {
    output.putLong(Protocol.NBD_MAGIC).putLong(Protocol.OPTION_MAGIC);
    output.putShort((short) (Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES));
    send();
  }

  /** A reply without data. */
  void reply(int option, int type) throws IOException {
    begin(option, type, 0);
  }

  private void begin(int option, int type, int length) throws IOException {
    if (output.remaining() < Protocol.OPTION_REPLY_HEADER_BYTES + length) {
      send();
    }
    output.putLong(Protocol.OPTION_REPLY_MAGIC).putInt(option).putInt(type).putInt(length);
  }

  /** One export of LIST. */
  void server(Export export) throws IOException {
    byte[] name = bytes(export.name());
    byte[] description = bytes(export.description());
    begin(Protocol.OPT_LIST, Protocol.REP_SERVER, 4 + name.length + description.length);
    output.putInt(name.length).put(name).put(description);
  }

  /** One context of LIST_META_CONTEXT and SET_META_CONTEXT. */
  void context(int option, int id, MetaContext context) throws IOException {
    byte[] name = bytes(context.name());
    begin(option, Protocol.REP_META_CONTEXT, 4 + name.length);
    output.putInt(id).put(name);
  }

  /** INFO_EXPORT, which everybody is told, and what is wanted of the rest, once each. */
  void info(int option, Exported exported, int flags, ByteBuffer wanted) throws IOException {
    begin(option, Protocol.REP_INFO, 12);
    output.putShort((short) Protocol.INFO_EXPORT);
    output.putLong(exported.device().size()).putShort((short) flags);
    int told = 0;
    while (wanted.hasRemaining()) {
      int item = wanted.getShort() & 0xffff;
      if (item <= Protocol.INFO_BLOCK_SIZE && (told & 1 << item) == 0) {
        told |= 1 << item;
        infoItem(option, item, exported);
      }
    }
  }

  private void infoItem(int option, int item, Exported exported) throws IOException {
    switch (item) {
      case Protocol.INFO_NAME -> infoText(option, item, exported.export().name());
      case Protocol.INFO_DESCRIPTION -> infoText(option, item, exported.export().description());
      case Protocol.INFO_BLOCK_SIZE -> {
        Limits limits = exported.device().limits();
        begin(option, Protocol.REP_INFO, 14);
        output.putShort((short) item).putInt(Math.max(limits.alignment(), Protocol.SECTOR));
        output.putInt(
            Math.clamp(limits.preferred(), Protocol.PREFERRED_BLOCK, Protocol.MAX_PAYLOAD));
        output.putInt(Protocol.MAX_PAYLOAD);
      }
      default -> {} // INFO_EXPORT is told already
    }
  }

  private void infoText(int option, int item, String text) throws IOException {
    byte[] bytes = bytes(text);
    begin(option, Protocol.REP_INFO, 2 + bytes.length);
    output.putShort((short) item).put(bytes);
  }

  /** The answer to EXPORT_NAME. */
  void exportName(Exported exported, int flags, boolean zeroes) {
    output.putLong(exported.device().size()).putShort((short) flags);
    if (zeroes) {
      output.put(new byte[Protocol.EXPORT_NAME_ZEROES]);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  void send() throws IOException {
    output.flip();
    while (output.hasRemaining()) {
      wire.write(output);
    }
    output.clear();
  }
}
