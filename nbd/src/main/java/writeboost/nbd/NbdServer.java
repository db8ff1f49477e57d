package writeboost.nbd;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import writeboost.device.BlockDevice;

/**
 * Exports one {@link BlockDevice} to NBD clients. May be called from any thread.
 *
 * <pre>
 * try (NbdServer server = NbdServer.start(device, export, ServerOptions.DEFAULTS)) {
 *   server.listen(new InetSocketAddress("localhost", 10809));
 *   ...
 * }
 * </pre>
 */
public final class NbdServer implements AutoCloseable {

  private NbdServer() {}

  /** The device stays the caller's, who closes it after the server. */
  public static NbdServer start(BlockDevice device, Export export, ServerOptions options) {
    throw new UnsupportedOperationException();
  }

  /** Binds a TCP or Unix socket, and serves it. */
  public ServerSocketChannel listen(SocketAddress address) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Serves a listener that is bound already; {@link #close} closes it. */
  public void listen(ServerSocketChannel listener) {
    throw new UnsupportedOperationException();
  }

  /** Connections that are open, or whose requests the device still holds. */
  public int connections() {
    throw new UnsupportedOperationException();
  }

  /**
   * Stops accepting, has all requests in flight answered (new ones get ESHUTDOWN), and closes the
   * connections. What has not ended after {@code wait} is cut off.
   *
   * @return whether the device has answered everything; if not, it still holds requests and must
   *     not be closed
   */
  public boolean close(Duration wait) {
    throw new UnsupportedOperationException();
  }

  /** As {@link #close(Duration)} with ten seconds. */
  @Override
  public void close() {
    close(Duration.ofSeconds(10));
  }
}
