package writeboost.cli;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import writeboost.cli.control.ControlServer;
import writeboost.cli.control.Controlled;
import writeboost.device.Posix;

/**
 * The control socket of a server: where it was asked for, or else at its usual place, and then only
 * if that is free. Main thread.
 */
final class ControlSocket implements AutoCloseable {

  /** Says where it is to be. */
  static final String OPTION = "--control";

  /** The same, with how to write it. */
  static final String OPTION_PATH = OPTION + " PATH";

  /** What its name ends with. */
  static final String SUFFIX = ".ctl";

  private static final System.Logger LOG = System.getLogger("writeboost");

  private final @Nullable Path asked;
  private final String name;
  private @Nullable UnixSocket socket;

  /**
   * @param asked null for the usual place
   * @param name what the server is called there
   */
  ControlSocket(@Nullable Path asked, String name) {
    this.asked = asked;
    this.name = name;
  }

  /** Refuses what cannot be had. Touches nothing. */
  void begin() throws CommandFailure {
    if (asked != null) {
      UnixSocket.check(asked, OPTION);
      UnixSocket.requireFree(asked, OPTION);
    }
  }

  /**
   * Where clients are to find the server in {@code folder}, commands are, too: refuses what another
   * server has there. Touches nothing.
   */
  void requireFreeIn(Path folder) throws CommandFailure {
    if (asked == null) {
      UnixSocket.requireFree(usual(folder), OPTION);
    }
  }

  private Path usual(Path folder) {
    return folder.resolve(name + SUFFIX);
  }

  /** Listens. The cache's lock is held. */
  void open() throws CommandFailure {
    if (asked != null) {
      socket = UnixSocket.listen(asked, OPTION);
      return;
    }
    try {
      socket = UnixSocket.listen(usual(SocketDirectory.open(OPTION_PATH)), OPTION);
    } catch (CommandFailure e) {
      LOG.log(
          Level.WARNING, "no control socket, so status and the like will not work: {0}", e.line());
    }
  }

  void serve(Controlled controlled) throws IOException {
    if (socket != null) {
      ControlServer.start(socket.channel(), Posix.effectiveUser(), controlled);
    }
  }

  /** Stops listening, and gives the name back. */
  @Override
  public void close() {
    if (socket == null) {
      return;
    }
    try {
      socket.remove();
      socket.channel().close();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "The control socket could not be removed: {0}", e.toString());
    }
  }
}
