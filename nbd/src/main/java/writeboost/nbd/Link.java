package writeboost.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a server, after the handshake, and what the server said in it. One thread
 * reads, one writes, any may close.
 */
final class Link {

  private static final System.Logger LOG = System.getLogger(Link.class.getPackageName());

  /** The kernel gives a silent, idle peer up after about a minute and a half. */
  private static final int KEEP_ALIVE_IDLE_S = 30;

  private static final int KEEP_ALIVE_INTERVAL_S = 10;
  private static final int KEEP_ALIVE_COUNT = 6;

  private static final int UNIX_SOCKET_BUFFER = 1 << 20;

  /**
   * How a connection ended.
   *
   * @param byServer its end was closed: a server that did so carries out nothing more. Otherwise
   *     the kernel or we gave it up, and the server may still be at work on what it was sent
   */
  record Loss(String reason, boolean byServer) {}

  private final Wire wire;
  private final SocketChannel socket;
  final RemoteExport export;
  private final boolean unix;
  private volatile @Nullable IOException sendFailure;

  private Link(Wire wire, RemoteExport export, boolean unix) {
    this.wire = wire;
    this.socket = wire.socket();
    this.export = export;
    this.unix = unix;
  }

  /**
   * Connects {@code wire}, which is open, and negotiates. Who calls this closes it on failure.
   *
   * @param tls for an address that wants TLS; null otherwise
   */
  static Link establish(Wire wire, NbdAddress address, @Nullable Tls tls) throws IOException {
    SocketChannel socket = wire.socket();
    connect(socket, address);
    if (address.isUnix()) {
      socket.setOption(StandardSocketOptions.SO_SNDBUF, UNIX_SOCKET_BUFFER);
      socket.setOption(StandardSocketOptions.SO_RCVBUF, UNIX_SOCKET_BUFFER);
    } else {
      socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
      socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      setIfThere(socket, "TCP_KEEPIDLE", KEEP_ALIVE_IDLE_S);
      setIfThere(socket, "TCP_KEEPINTERVAL", KEEP_ALIVE_INTERVAL_S);
      setIfThere(socket, "TCP_KEEPCOUNT", KEEP_ALIVE_COUNT);
    }
    String name = address.tlsName();
    SSLEngine engine = tls == null || name == null ? null : tls.clientEngine(name, address.port());
    try {
      RemoteExport export = new ClientHandshake(wire, address.export(), engine).negotiate();
      return new Link(wire, export, address.isUnix());
    } catch (SSLException e) { // what a server thinks of our certificate may come late (TLS 1.3)
      throw new IOException(
          "TLS failed: " + TlsFailure.describe(e) + "; check the certificates", e);
    }
  }

  private static void connect(SocketChannel socket, NbdAddress address) throws IOException {
    try {
      socket.connect(address.resolve());
    } catch (SocketException e) {
      throw new IOException("does not answer (" + e.getMessage() + "); is the server there?", e);
    }
  }

  /** Not every platform has these. */
  private static void setIfThere(SocketChannel socket, String name, int value) throws IOException {
    for (SocketOption<?> option : socket.supportedOptions()) {
      if (option.name().equals(name)) {
        @SuppressWarnings("unchecked")
        SocketOption<Integer> number = (SocketOption<Integer>) option;
        socket.setOption(number, value);
      }
    }
  }

  /** Waits for the first byte; at least one is read. */
  void read(ByteBuffer bytes) throws IOException {
    if (wire.read(bytes) < 0) {
      throw new EOFException("the server closed the connection");
    }
  }

  /** Writes all of it, as slowly as the server takes it. */
  void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      wire.write(bytes);
    }
  }

  /** The reader is to notice, after what has been received already. */
  void sendFailed(IOException e) {
    sendFailure = e;
    try {
      socket.shutdownInput();
    } catch (IOException closed) { // then the reader knows
      LOG.log(Level.DEBUG, "Ending a connection: {0}", closed.toString());
    }
  }

  boolean isSound() {
    return sendFailure == null;
  }

  /** What to make of the exception that ended the reading. */
  Loss loss(IOException reading) {
    IOException e = sendFailure == null ? reading : sendFailure;
    String message = e.getMessage() == null ? e.toString() : e.getMessage();
    if (e instanceof ProtocolException) {
      return new Loss("the server sent " + message, false);
    }
    boolean closed =
        e instanceof EOFException
            || message.startsWith("Connection reset")
            || message.equals("Broken pipe");
    return new Loss(message, closed || unix);
  }

  /** To be called when nothing is in flight: then there is room, and this does not wait. */
  static void sayGoodBye(Wire wire) throws IOException {
    ByteBuffer request = ByteBuffer.allocate(Protocol.REQUEST_BYTES);
    request.putInt(0, Protocol.REQUEST_MAGIC);
    request.putShort(Protocol.REQUEST_TYPE_AT, (short) Protocol.CMD_DISC);
    wire.write(request);
    wire.endOutput();
  }

  /** What was not yet sent will not be: it could arrive after what the next connection sends. */
  void abandon() {
    try (socket) {
      if (!unix && socket.isOpen()) {
        socket.setOption(StandardSocketOptions.SO_LINGER, 0);
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "Closing a connection: {0}", e.toString());
    }
  }
}
