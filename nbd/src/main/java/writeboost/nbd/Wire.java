package writeboost.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * The bytes of one connection, in both directions. One thread reads, one writes, any may close;
 * reading and writing wait for the other side.
 */
final class Wire implements AutoCloseable {

  private final SocketChannel socket;

  Wire(SocketChannel socket) {
    this.socket = socket;
  }

  /** Reads what there is, waiting for the first byte; negative at the end of the stream. */
  int read(ByteBuffer target) throws IOException {
    return socket.read(target);
  }

  /** Writes at least one byte; how many. */
  int write(ByteBuffer source) throws IOException {
    return socket.write(source);
  }

  /** Writes at least one byte of {@code sources}, from number {@code from} on; how many. */
  long write(ByteBuffer[] sources, int from, int count) throws IOException {
    return socket.write(sources, from, count);
  }

  /** Reading finds the end of the stream, after what has been received already. */
  void endInput() throws IOException {
    socket.shutdownInput();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
