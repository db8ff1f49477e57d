package writeboost.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one connection, in both directions. One thread reads, one writes, any may close;
 * reading and writing wait for the other side.
 */
final class Wire implements AutoCloseable {

  private final SocketChannel socket;
  private final ReadableByteChannel input;
  private final GatheringByteChannel output;

  /** Once there, there is no way around it. Set before another thread reads or writes. */
  private volatile @Nullable TlsSocket tls;

  /** Over a socket that blocks. */
  Wire(SocketChannel socket) {
    this(socket, socket, socket);
  }

  /** Over {@code input} and {@code output}, which are of {@code socket}. */
  Wire(SocketChannel socket, ReadableByteChannel input, GatheringByteChannel output) {
    this.socket = socket;
    this.input = input;
    this.output = output;
  }

  /**
   * From here on, all there is to read and to write is inside TLS. Nothing may be left that was
   * received before.
   *
   * @throws javax.net.ssl.SSLException if the two sides do not come to terms
   */
  void startTls(SSLEngine engine) throws IOException {
    TlsSocket secured = new TlsSocket(socket, input, output, engine);
    tls = secured; // whatever comes of it
    secured.handshake();
  }

  /** For its options, and to connect it. */
  SocketChannel socket() {
    return socket;
  }

  boolean isEncrypted() {
    return tls != null;
  }

  /**
   * Reads what there is, waiting for the first byte if the socket's input does; negative at the end
   * of the stream.
   */
  int read(ByteBuffer target) throws IOException {
    TlsSocket secured = tls;
    return secured == null ? input.read(target) : secured.read(target);
  }

  /** Writes at least one byte; how many. */
  int write(ByteBuffer source) throws IOException {
    TlsSocket secured = tls;
    return secured == null ? output.write(source) : secured.write(source);
  }

  /** Writes at least one byte of {@code sources}, from number {@code from} on; how many. */
  long write(ByteBuffer[] sources, int from, int count) throws IOException {
    TlsSocket secured = tls;
    return secured == null
        ? output.write(sources, from, count)
        : secured.write(sources, from, count);
  }

  /** Reading finds the end of the stream, after what has been received already. */
  void endInput() throws IOException {
    socket.shutdownInput();
  }

  /**
   * Nothing more will be written: with TLS, the other side is told so. Only by the thread that
   * writes; may wait as writing does.
   */
  void endOutput() throws IOException {
    if (tls != null) {
      tls.endOutput();
    }
  }

  /** Wakes who reads or writes. With TLS the other side cannot tell this from a loss. */
  @Override
  public void close() throws IOException {
    try (output; // the last one first: who is woken finds the socket closed
        input;
        socket) {}
  }
}
