package writeboost.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * The handshake and option phase, from the client's side. One thread. Reads not a byte too many:
 * what follows on the socket is transmission.
 */
final class ClientHandshake {

  private static final long OLDSTYLE_MAGIC = 0x0000_4202_8186_1253L;
  private static final int MAX_REPLY_BYTES = 64 << 10;

  private final Wire wire;
  private final @Nullable SSLEngine tls;
  private final String wanted;
  private boolean noZeroes;
  private boolean structured;
  private long context = RemoteExport.NO_CONTEXT;

  // What INFO replies have said so far.
  private boolean told;
  private String name;
  private long size;
  private int flags;
  private int minimumBlock = 1;
  private int preferredBlock = Protocol.PREFERRED_BLOCK;
  private int maximumPayload = Protocol.MAX_PAYLOAD;

  /**
   * @param tls with which the server has to speak TLS; null for none
   */
  ClientHandshake(Wire wire, String wanted, @Nullable SSLEngine tls) {
    this.wire = wire;
    this.tls = tls;
    this.wanted = wanted;
    this.name = wanted;
  }

  /**
   * @throws ProtocolException if the server breaks the rules
   * @throws IOException if it refuses; the message says why
   */
  RemoteExport negotiate() throws IOException {
    ByteBuffer greeting = read(Protocol.GREETING_BYTES);
    long magic = greeting.getLong();
    long second = greeting.getLong();
    if (magic == Protocol.NBD_MAGIC && second == OLDSTYLE_MAGIC) {
      throw new ProtocolException("speaks the protocol of before 2011; use a newer server");
    }
    if (magic != Protocol.NBD_MAGIC || second != Protocol.OPTION_MAGIC) {
      throw new ProtocolException("is no NBD server; check the address");
    }
    int serverFlags = greeting.getShort() & 0xffff;
    int ours = serverFlags & (Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES);
    noZeroes = (ours & Protocol.FLAG_NO_ZEROES) != 0;
    send(ByteBuffer.allocate(Protocol.CLIENT_FLAGS_BYTES).putInt(ours));
    boolean fixed = (ours & Protocol.FLAG_FIXED_NEWSTYLE) != 0;
    if (tls != null) {
      startTls(tls, fixed);
    }
    if (fixed) {
      structured = accepted(Protocol.OPT_STRUCTURED_REPLY);
      if (structured) {
        chooseContext();
      }
    }
    return fixed && go() ? result() : exportName();
  }

  /** Before anything else is said. Without TLS it goes no further, whoever claims so. */
  private void startTls(SSLEngine engine, boolean fixed) throws IOException {
    if (!fixed || !accepted(Protocol.OPT_STARTTLS)) {
      throw new IOException("offers no TLS; configure it there, or use nbd:// or nbd+unix://");
    }
    wire.startTls(engine);
  }

  /** An option without data that a server may know or not. */
  private boolean accepted(int option) throws IOException {
    sendOption(option, ByteBuffer.allocate(0));
    OptionReply reply = reply(option);
    if (reply.type != Protocol.REP_ACK && !reply.isError()) {
      throw new ProtocolException("answers option " + option + " with " + reply.type);
    }
    return reply.type == Protocol.REP_ACK;
  }

  /** So that BLOCK_STATUS can be asked; a server that has nothing to say of holes is as good. */
  private void chooseContext() throws IOException {
    byte[] export = wanted.getBytes(StandardCharsets.UTF_8);
    byte[] query = MetaContext.ALLOCATION.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(4 + export.length + 4 + 4 + query.length);
    data.putInt(export.length).put(export).putInt(1).putInt(query.length).put(query);
    sendOption(Protocol.OPT_SET_META_CONTEXT, data);
    while (true) {
      OptionReply reply = reply(Protocol.OPT_SET_META_CONTEXT);
      if (reply.isError()) {
        context = RemoteExport.NO_CONTEXT;
        return;
      }
      if (reply.type == Protocol.REP_ACK) {
        return;
      }
      boolean ours =
          reply.type == Protocol.REP_META_CONTEXT
              && context == RemoteExport.NO_CONTEXT
              && reply.data.remaining() == 4 + query.length;
      long number = ours ? reply.data.getInt() & 0xffff_ffffL : RemoteExport.NO_CONTEXT;
      if (!ours || !reply.data.equals(ByteBuffer.wrap(query))) {
        throw new ProtocolException("has a context that was not asked for");
      }
      context = number;
    }
  }

  private RemoteExport result() throws ProtocolException {
    if (!told) {
      throw new ProtocolException("does not say the size of the export");
    }
    int payload = Math.min(maximumPayload, Protocol.MAX_PAYLOAD) & -Protocol.PREFERRED_BLOCK;
    boolean sound =
        Integer.bitCount(minimumBlock) == 1
            && minimumBlock > 0
            && payload > 0 // a smaller maximum than a block, or one of more than 2^31 - 1
            && preferredBlock > 0;
    if (!sound) {
      throw new ProtocolException(
          "says impossible block sizes (%d, %d, %d)"
              .formatted(minimumBlock, preferredBlock, maximumPayload));
    }
    return new RemoteExport(
        name, size, flags, minimumBlock, preferredBlock, payload, structured, context);
  }

  /** False if the server does not know this option. */
  private boolean go() throws IOException {
    byte[] bytes = wanted.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(4 + bytes.length + 2 + 2 * 2);
    data.putInt(bytes.length).put(bytes).putShort((short) 2);
    data.putShort((short) Protocol.INFO_NAME).putShort((short) Protocol.INFO_BLOCK_SIZE);
    sendOption(Protocol.OPT_GO, data);
    while (true) {
      OptionReply reply = reply(Protocol.OPT_GO);
      switch (reply.type) {
        case Protocol.REP_ACK -> {
          return true;
        }
        case Protocol.REP_INFO -> info(reply.data);
        case Protocol.REP_ERR_UNSUP -> {
          return false;
        }
        default -> throw refusal(reply.type, reply.data);
      }
    }
  }

  private record OptionReply(int type, ByteBuffer data) {
    /** Known or not. */
    boolean isError() {
      return type < 0;
    }
  }

  private OptionReply reply(int option) throws IOException {
    ByteBuffer header = read(Protocol.OPTION_REPLY_HEADER_BYTES);
    if (header.getLong() != Protocol.OPTION_REPLY_MAGIC || header.getInt() != option) {
      throw new ProtocolException("answers something that was not asked");
    }
    int type = header.getInt();
    long length = header.getInt() & 0xffff_ffffL;
    if (length > MAX_REPLY_BYTES) {
      throw new ProtocolException("answers with " + length + " bytes");
    }
    return new OptionReply(type, read((int) length));
  }

  private void info(ByteBuffer reply) throws ProtocolException {
    int left = reply.remaining() - 2;
    int item = left < 0 ? -1 : reply.getShort() & 0xffff;
    if (left < 0
        || item == Protocol.INFO_EXPORT && left != 10
        || item == Protocol.INFO_BLOCK_SIZE && left != 12
        || item == Protocol.INFO_NAME && left > Protocol.MAX_STRING_BYTES) {
      throw new ProtocolException("sends a malformed description of the export");
    }
    switch (item) {
      case Protocol.INFO_EXPORT -> {
        told = true;
        size = reply.getLong();
        flags = reply.getShort() & 0xffff;
      }
      case Protocol.INFO_NAME -> name = StandardCharsets.UTF_8.decode(reply).toString();
      case Protocol.INFO_BLOCK_SIZE -> {
        minimumBlock = reply.getInt();
        preferredBlock = reply.getInt();
        int maximum = reply.getInt();
        maximumPayload = maximum < 0 ? Integer.MAX_VALUE : maximum; // unsigned
      }
      default -> {} // not asked for; allowed
    }
  }

  private IOException refusal(int type, ByteBuffer reply) {
    byte[] text = Arrays.copyOf(reply.array(), reply.limit());
    String why = text.length == 0 ? "" : " (" + Printable.of(text) + ")";
    return new IOException(
        switch (type) {
          case Protocol.REP_ERR_UNKNOWN ->
              "has no export \"%s\"%s; check the name".formatted(Printable.of(wanted), why);
          case Protocol.REP_ERR_TLS_REQD -> "wants TLS" + why + "; use nbds:// or nbds+unix://";
          case Protocol.REP_ERR_POLICY -> "refuses us" + why + "; check its configuration";
          case Protocol.REP_ERR_SHUTDOWN -> "is shutting down" + why;
          default -> "refuses export \"%s\"%s".formatted(Printable.of(wanted), why);
        });
  }

  /** The old way in: a server that does not know the name closes the connection. */
  private RemoteExport exportName() throws IOException {
    byte[] bytes = wanted.getBytes(StandardCharsets.UTF_8);
    sendOption(Protocol.OPT_EXPORT_NAME, ByteBuffer.allocate(bytes.length).put(bytes));
    ByteBuffer answer;
    try {
      answer = read(10);
      if (!noZeroes) {
        read(Protocol.EXPORT_NAME_ZEROES);
      }
    } catch (EOFException e) {
      throw new IOException(
          "closes the connection: it has no export \"%s\"; check the name"
              .formatted(Printable.of(wanted)),
          e);
    }
    return RemoteExport.of(
        wanted, answer.getLong(), answer.getShort() & 0xffff, structured, context);
  }

  private void sendOption(int option, ByteBuffer data) throws IOException {
    data.flip();
    ByteBuffer message =
        ByteBuffer.allocate(Protocol.OPTION_HEADER_BYTES + data.remaining())
            .putLong(Protocol.OPTION_MAGIC)
            .putInt(option)
            .putInt(data.remaining());
    send(message.put(data));
  }

  private void send(ByteBuffer message) throws IOException {
    message.flip();
    while (message.hasRemaining()) {
      wire.write(message);
    }
  }

  private ByteBuffer read(int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (wire.read(buffer) < 0) {
        throw new EOFException("closes the connection; see its log");
      }
    }
    return buffer.flip();
  }
}
