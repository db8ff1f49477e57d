package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/** An NBD client that says what it is told to, right or wrong, and reads what comes back. */
final class RawClient implements AutoCloseable {

  record OptionReply(int option, int type, byte[] data) {
    ByteBuffer buffer() {
      return ByteBuffer.wrap(data);
    }
  }

  record Reply(int error, long cookie) {}

  /** A chunk of a structured reply. */
  record Chunk(int flags, int type, long cookie, byte[] data) {
    boolean done() {
      return flags == Protocol.CHUNK_DONE;
    }

    ByteBuffer buffer() {
      return ByteBuffer.wrap(data);
    }
  }

  final SocketChannel socket;
  private DataInputStream in;
  private OutputStream out; // once there is TLS

  RawClient(SocketAddress address) throws IOException {
    socket = SocketChannel.open(address);
    in = new DataInputStream(Channels.newInputStream(socket));
  }

  /** A client that is past the handshake. */
  static RawClient ready(SocketAddress address) throws IOException {
    RawClient client = new RawClient(address);
    client.greet(Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES);
    client.send(option(Protocol.OPT_GO, nameAndItems("")));
    while (client.optionReply().type() != Protocol.REP_ACK) {}
    return client;
  }

  /** A client that is past the handshake, and takes chunks and these contexts. */
  static RawClient structured(SocketAddress address, String... contexts) throws IOException {
    RawClient client = new RawClient(address);
    client.greet(Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES);
    client.send(option(Protocol.OPT_STRUCTURED_REPLY, new byte[0]));
    client.optionsUntilAck();
    client.send(option(Protocol.OPT_SET_META_CONTEXT, nameAndQueries("", contexts)));
    assertThat(client.optionsUntilAck()).hasSize(contexts.length);
    client.send(option(Protocol.OPT_GO, nameAndItems("")));
    client.optionsUntilAck();
    return client;
  }

  /** What came before the ACK. */
  List<OptionReply> optionsUntilAck() throws IOException {
    List<OptionReply> replies = new ArrayList<>();
    OptionReply reply = optionReply();
    while (reply.type() != Protocol.REP_ACK) {
      assertThat(reply.type()).as("an error").isPositive();
      replies.add(reply);
      reply = optionReply();
    }
    return replies;
  }

  /** The data of LIST_META_CONTEXT and SET_META_CONTEXT. */
  static byte[] nameAndQueries(String name, String... queries) {
    ByteBuffer data = ByteBuffer.allocate(1 << 16);
    data.putInt(name.length()).put(name.getBytes(StandardCharsets.UTF_8)).putInt(queries.length);
    for (String query : queries) {
      data.putInt(query.length()).put(query.getBytes(StandardCharsets.UTF_8));
    }
    return Arrays.copyOf(data.array(), data.position());
  }

  /** Upgrades to TLS as the JDK's sockets do it, which are on TCP only. */
  SSLSocket startTls(SSLContext context, String... versions) throws IOException {
    send(option(Protocol.OPT_STARTTLS, new byte[0]));
    assertThat(optionReply())
        .extracting(OptionReply::option, OptionReply::type)
        .containsExactly(Protocol.OPT_STARTTLS, Protocol.REP_ACK);
    SSLSocket secured =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(socket.socket(), "localhost", socket.socket().getPort(), true);
    if (versions.length > 0) {
      secured.setEnabledProtocols(versions);
    }
    SSLParameters parameters = secured.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secured.setSSLParameters(parameters);
    secured.startHandshake();
    in = new DataInputStream(secured.getInputStream());
    out = secured.getOutputStream();
    return secured;
  }

  void greet(int flags) throws IOException {
    assertThat(in.readLong()).isEqualTo(Protocol.NBD_MAGIC);
    assertThat(in.readLong()).isEqualTo(Protocol.OPTION_MAGIC);
    assertThat(in.readUnsignedShort()).isEqualTo(3);
    send(ByteBuffer.allocate(4).putInt(flags).array());
  }

  static byte[] option(int option, byte[] data) {
    return ByteBuffer.allocate(16 + data.length)
        .putLong(Protocol.OPTION_MAGIC)
        .putInt(option)
        .putInt(data.length)
        .put(data)
        .array();
  }

  /** The data of INFO and GO. */
  static byte[] nameAndItems(String name, int... items) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(4 + bytes.length + 2 + 2 * items.length);
    data.putInt(bytes.length).put(bytes).putShort((short) items.length);
    for (int item : items) {
      data.putShort((short) item);
    }
    return data.array();
  }

  OptionReply optionReply() throws IOException {
    assertThat(in.readLong()).isEqualTo(Protocol.OPTION_REPLY_MAGIC);
    int option = in.readInt();
    int type = in.readInt();
    return new OptionReply(option, type, payload(in.readInt()));
  }

  static byte[] request(int flags, int type, long cookie, long offset, long length, byte... data) {
    return ByteBuffer.allocate(Protocol.REQUEST_BYTES + data.length)
        .putInt(Protocol.REQUEST_MAGIC)
        .putShort((short) flags)
        .putShort((short) type)
        .putLong(cookie)
        .putLong(offset)
        .putInt((int) length)
        .put(data)
        .array();
  }

  static byte[] write(long cookie, long offset, byte[] data) {
    return request(0, Protocol.CMD_WRITE, cookie, offset, data.length, data);
  }

  static byte[] read(long cookie, long offset, long length) {
    return request(0, Protocol.CMD_READ, cookie, offset, length);
  }

  static byte[] flush(long cookie) {
    return request(0, Protocol.CMD_FLUSH, cookie, 0, 0);
  }

  static byte[] disconnect() {
    return request(0, Protocol.CMD_DISC, 0, 0, 0);
  }

  void send(byte[]... messages) throws IOException {
    for (byte[] message : messages) {
      sendAll(ByteBuffer.wrap(message));
    }
  }

  void sendAll(ByteBuffer bytes) throws IOException {
    if (out != null) {
      byte[] array = new byte[bytes.remaining()];
      bytes.get(array);
      out.write(array);
      return;
    }
    while (bytes.hasRemaining()) {
      socket.write(bytes);
    }
  }

  Reply reply() throws IOException {
    assertThat(in.readInt()).isEqualTo(Protocol.SIMPLE_REPLY_MAGIC);
    int error = in.readInt();
    return new Reply(error, in.readLong());
  }

  Chunk chunk() throws IOException {
    assertThat(in.readInt()).isEqualTo(Protocol.CHUNK_MAGIC);
    int flags = in.readUnsignedShort();
    int type = in.readUnsignedShort();
    long cookie = in.readLong();
    return new Chunk(flags, type, cookie, payload(in.readInt()));
  }

  /** All chunks of the one reply that is awaited. */
  List<Chunk> chunks() throws IOException {
    List<Chunk> chunks = new ArrayList<>();
    do {
      chunks.add(chunk());
    } while (!chunks.getLast().done());
    return chunks;
  }

  byte[] payload(int length) throws IOException {
    byte[] data = new byte[length];
    in.readFully(data);
    return data;
  }

  /** Sends one request, that nothing else is in flight with, and takes its reply. */
  int errorOf(byte[] request) throws IOException {
    send(request);
    return reply().error();
  }

  byte[] readBack(long offset, int length) throws IOException {
    assertThat(errorOf(read(1, offset, length))).isZero();
    return payload(length);
  }

  /** Waits for the server to close; nothing may come before. */
  void expectEnd() throws IOException {
    assertThat(in.read()).isEqualTo(-1);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
