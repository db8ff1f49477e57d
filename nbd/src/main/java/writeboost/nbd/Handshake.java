package writeboost.nbd;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import writeboost.nbd.Negotiated.ChosenContext;

/** The handshake and option phase of one client. Only the connection's thread. */
final class Handshake {

  /** Of an option that we know; names are at most 4096, the rest is a few numbers or queries. */
  private static final int MAX_OPTION_BYTES = 16 << 10;

  private final Wire wire;
  private final Input input;
  private final Exports exports;
  private final BooleanSupplier draining;
  private final @Nullable Tls tls;
  private final OptionReplies replies;

  private boolean noZeroes;
  private boolean structured;

  /** What SET_META_CONTEXT has chosen last, and for which export. */
  private List<ChosenContext> chosen = List.of();

  private @Nullable Exported chosenFor;

  private @Nullable Negotiated negotiated;

  /**
   * @param tls which the client has to start first; null if there is none
   */
  Handshake(Wire wire, Input input, Exports exports, @Nullable Tls tls, BooleanSupplier draining) {
    this.wire = wire;
    this.input = input;
    this.exports = exports;
    this.tls = tls;
    this.draining = draining;
    this.replies = new OptionReplies(wire);
  }

  /** What transmission begins with; null if the client did not want any. */
  @Nullable Negotiated negotiate() throws IOException {
    replies.greeting();
    if (!input.await(Protocol.CLIENT_FLAGS_BYTES)) {
      return null;
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
      replies.send();
    }
    return negotiated;
  }

  private enum Next {
    OPTION,
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
    if (mustStartTls() && option != Protocol.OPT_STARTTLS && option != Protocol.OPT_ABORT) {
      return passForTls(option, length);
    }
    if (option == Protocol.OPT_SET_META_CONTEXT) { // one that fails leaves nothing chosen
      forgetContexts();
    }
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
      case Protocol.OPT_STARTTLS -> startTls(data);
      case Protocol.OPT_STRUCTURED_REPLY -> structuredReply(data);
      case Protocol.OPT_LIST_META_CONTEXT, Protocol.OPT_SET_META_CONTEXT ->
          metaContext(option, ByteBuffer.wrap(data));
      default -> info(option, ByteBuffer.wrap(data));
    };
  }

  private boolean mustStartTls() {
    return tls != null && !wire.isEncrypted();
  }

  /** FORCEDTLS mode: nothing else is answered before. */
  private Next passForTls(int option, long length) throws IOException {
    if (option == Protocol.OPT_EXPORT_NAME) {
      throw new ProtocolException("an export name without TLS");
    }
    return input.skip(length) ? answer(option, Protocol.REP_ERR_TLS_REQD) : Next.END;
  }

  /**
   * The upgrade. Nothing from before it survives: nothing could be negotiated, and who has sent
   * more than this option without waiting for its answer is not listened to.
   */
  private Next startTls(byte[] data) throws IOException {
    if (tls == null || wire.isEncrypted() || data.length != 0) {
      return answer(Protocol.OPT_STARTTLS, Protocol.REP_ERR_INVALID);
    }
    if (input.available() > 0) {
      throw new ProtocolException("something behind STARTTLS that is not inside TLS");
    }
    replies.reply(Protocol.OPT_STARTTLS, Protocol.REP_ACK);
    replies.send();
    wire.startTls(tls.serverEngine());
    return Next.OPTION;
  }

  private boolean isKnown(int option) {
    return switch (option) {
      case Protocol.OPT_EXPORT_NAME,
          Protocol.OPT_ABORT,
          Protocol.OPT_LIST,
          Protocol.OPT_INFO,
          Protocol.OPT_GO,
          Protocol.OPT_STRUCTURED_REPLY,
          Protocol.OPT_LIST_META_CONTEXT,
          Protocol.OPT_SET_META_CONTEXT ->
          true;
      case Protocol.OPT_STARTTLS -> tls != null;
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
    return answer(option, isKnown(option) ? Protocol.REP_ERR_TOO_BIG : Protocol.REP_ERR_UNSUP);
  }

  private Next answer(int option, int type) throws IOException {
    replies.reply(option, type);
    return Next.OPTION;
  }

  /** The old way in. What is wrong with it can be said only by closing. */
  private Next exportName(byte[] requested) throws IOException {
    Exported exported = exports.find(requested);
    if (exported == null) {
      throw new ProtocolException("unknown export \"" + Printable.of(requested) + '"');
    }
    if (draining.getAsBoolean()) {
      return Next.END;
    }
    replies.exportName(exported, exported.flags(structured), !noZeroes);
    return transmit(exported);
  }

  private Next transmit(Exported exported) {
    List<ChosenContext> contexts = exported.equals(chosenFor) ? chosen : List.of();
    negotiated = new Negotiated(exported, structured, contexts);
    return Next.END;
  }

  private Next abort() throws IOException {
    replies.reply(Protocol.OPT_ABORT, Protocol.REP_ACK);
    return Next.END;
  }

  private Next list(byte[] data) throws IOException {
    if (data.length != 0) {
      return answer(Protocol.OPT_LIST, Protocol.REP_ERR_INVALID);
    }
    for (Exported exported : exports.all()) {
      replies.server(exported.export());
    }
    return answer(Protocol.OPT_LIST, Protocol.REP_ACK);
  }

  private Next structuredReply(byte[] data) throws IOException {
    boolean sound = data.length == 0;
    structured |= sound;
    return answer(
        Protocol.OPT_STRUCTURED_REPLY, sound ? Protocol.REP_ACK : Protocol.REP_ERR_INVALID);
  }

  private void forgetContexts() {
    chosen = List.of();
    chosenFor = null;
  }

  private Next metaContext(int option, ByteBuffer data) throws IOException {
    boolean set = option == Protocol.OPT_SET_META_CONTEXT;
    ContextQueries queries = ContextQueries.parse(data);
    if (!structured || queries == null) {
      return answer(option, Protocol.REP_ERR_INVALID);
    }
    Exported exported = exports.find(queries.export());
    if (exported == null) {
      return answer(option, Protocol.REP_ERR_UNKNOWN);
    }
    List<MetaContext> contexts = exported.contexts();
    List<ChosenContext> now = new ArrayList<>();
    for (int id = 0; id < contexts.size(); id++) {
      MetaContext context = contexts.get(id);
      if (set ? queries.choose(context) : queries.list(context)) {
        now.add(new ChosenContext(id, context));
        replies.context(option, set ? id : 0, context); // LIST has no ids
      }
    }
    if (set) {
      chosen = now;
      chosenFor = exported;
    }
    return answer(option, Protocol.REP_ACK);
  }

  /** INFO and GO: name length 4 | name | count 2 | count times 2. */
  private Next info(int option, ByteBuffer data) throws IOException {
    long nameLength = data.remaining() < 6 ? -1 : data.getInt() & 0xffff_ffffL;
    if (nameLength < 0 || nameLength > data.remaining() - 2) {
      return answer(option, Protocol.REP_ERR_INVALID);
    }
    byte[] requested = new byte[(int) nameLength];
    data.get(requested);
    int count = data.getShort() & 0xffff;
    if (data.remaining() != 2 * count) {
      return answer(option, Protocol.REP_ERR_INVALID);
    }
    Exported exported = exports.find(requested);
    if (exported == null) {
      return answer(option, Protocol.REP_ERR_UNKNOWN);
    }
    if (draining.getAsBoolean()) {
      return answer(option, Protocol.REP_ERR_SHUTDOWN);
    }
    replies.info(option, exported, exported.flags(structured), data);
    replies.reply(option, Protocol.REP_ACK);
    return option == Protocol.OPT_GO ? transmit(exported) : Next.OPTION;
  }
}
