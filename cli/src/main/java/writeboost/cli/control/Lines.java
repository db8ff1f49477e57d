package writeboost.cli.control;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Lines of text over a socket, of a bounded length. One thread. */
final class Lines {

  private static final int GROWTH = 4096;

  private final SocketChannel socket;
  private final int most;
  private byte[] bytes = new byte[GROWTH];
  private int count;

  /**
   * @param most bytes of a line that is read, with its end
   */
  Lines(SocketChannel socket, int most) {
    this.socket = socket;
    this.most = most;
  }

  /**
   * The next line; null at the end.
   *
   * @throws ProtocolException if it is too long
   */
  @Nullable String read() throws IOException {
    int searched = 0;
    while (true) {
      for (; searched < count; searched++) {
        if (bytes[searched] == '\n') {
          return take(searched);
        }
      }
      if (count >= most) {
        throw new ProtocolException("a line is longer than " + most + " bytes");
      }
      bytes = count == bytes.length ? Arrays.copyOf(bytes, Math.min(most, 2 * count)) : bytes;
      int got = socket.read(ByteBuffer.wrap(bytes, count, bytes.length - count));
      if (got < 0) {
        return null;
      }
      count += got;
    }
  }

  /** What has been read of the next line. */
  String rest() {
    return new String(bytes, 0, count, StandardCharsets.UTF_8);
  }

  private String take(int length) {
    String line = new String(bytes, 0, length, StandardCharsets.UTF_8);
    count -= length + 1;
    System.arraycopy(bytes, length + 1, bytes, 0, count);
    return line;
  }

  void write(String line) throws IOException {
    ByteBuffer out = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    while (out.hasRemaining()) {
      socket.write(out);
    }
  }
}
