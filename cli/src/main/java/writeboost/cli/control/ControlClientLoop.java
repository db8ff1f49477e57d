package writeboost.cli.control;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.ProtocolException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** One client of a {@link ControlServer}, from its first request to its last, on its thread. */
final class ControlClientLoop implements Runnable {

  private static final System.Logger LOG = System.getLogger("writeboost");

  private final SocketChannel socket;
  private final Lines lines;
  private final Controlled controlled;
  private final ControlServer server;

  ControlClientLoop(SocketChannel socket, Controlled controlled, ControlServer server) {
    this.socket = socket;
    this.lines = new Lines(socket, ControlRequest.LENGTH_MAX);
    this.controlled = controlled;
    this.server = server;
  }

  @Override
  public void run() {
    try {
      String line = nextLine();
      while (line != null) {
        answer(line);
        line = nextLine();
      }
    } catch (ProtocolException e) {
      refuse(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "A control client is gone: {0}", e.toString());
    } catch (RuntimeException | Error e) {
      LOG.log(Level.ERROR, "A control request failed", e);
      refuse("unexpected: " + e);
    } finally {
      server.ended(socket);
    }
  }

  private @Nullable String nextLine() throws IOException {
    Future<?> limit = server.limit(socket);
    try {
      return lines.read();
    } finally {
      limit.cancel(false);
    }
  }

  private void answer(String line) throws IOException {
    Answer answer = new Answer(this::write);
    try {
      controlled.handle(ControlRequest.parse(line), answer);
    } catch (RefusedException e) {
      answer.refused(e.why());
    }
  }

  private void write(String line) throws IOException {
    Future<?> limit = server.limit(socket);
    try {
      lines.write(line);
    } finally {
      limit.cancel(false);
    }
  }

  /** The last word, where the client still takes one. */
  private void refuse(String why) {
    try {
      new Answer(this::write).refused(why);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "A control client is gone: {0}", e.toString());
    }
  }
}
