package writeboost.cli.control;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.function.Consumer;
import writeboost.cli.json.Json;
import writeboost.cli.json.JsonObject;

/** A connection to a running server's control socket. One thread. */
public final class ControlClient implements AutoCloseable {

  /** Bytes of a line: a server does not have so much to say. */
  private static final int ANSWER_MAX = 4 << 20;

  private static final String NBD_GREETING = "NBDMAGIC";

  /** What was connected to is no control socket; the message says what it is. */
  public static final class NotControlException extends IOException {
    private static final long serialVersionUID = 1;

    NotControlException(String message) {
      super(message);
    }
  }

  private final SocketChannel socket;
  private final Lines lines;

  private ControlClient(SocketChannel socket) {
    this.socket = socket;
    this.lines = new Lines(socket, ANSWER_MAX);
  }

  /**
   * Connects to the socket at {@code path}.
   *
   * @throws java.net.ConnectException if no server listens there any more
   * @throws IOException if there is none, or it may not be used
   */
  public static ControlClient connect(Path path) throws IOException {
    SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      socket.connect(UnixDomainSocketAddress.of(path));
      return new ControlClient(socket);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Asks, and waits for the end of the answer, which is returned.
   *
   * @param progress given each report
   * @throws RefusedException if the server refuses
   * @throws NotControlException if something else than a control socket has answered
   * @throws IOException if the server is gone before the end
   */
  public JsonObject ask(ControlRequest request, Consumer<JsonObject> progress)
      throws IOException, RefusedException {
    try {
      lines.write(request.line());
    } catch (IOException e) {
      // It may have said why before it closed.
    }
    while (true) {
      JsonObject answer = next();
      if (answer.has("progress")) {
        progress.accept(answer.object("progress"));
      } else if (answer.isTrue("ok")) {
        return answer;
      } else {
        throw new RefusedException(answer.text("error"));
      }
    }
  }

  private JsonObject next() throws IOException {
    String line = line();
    try {
      return Json.read(line);
    } catch (IllegalArgumentException e) {
      throw new NotControlException("what answers is no writeboost server: " + e.getMessage());
    }
  }

  private String line() throws IOException {
    IOException end = new IOException("the server is gone");
    try {
      String line = lines.read();
      if (line != null) {
        return line;
      }
    } catch (IOException e) {
      end = e;
    }
    if (lines.rest().startsWith(NBD_GREETING)) {
      throw new NotControlException("it is the socket for NBD clients");
    }
    throw end;
  }

  /** Waits until the server's process has ended. */
  public void awaitEnd() throws IOException {
    while (lines.read() != null) {
      // nothing more is expected
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
