package writeboost.cli;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;

/** The sockets of one server, and their URIs. One thread. */
final class Listeners implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger("writeboost");

  /** Says where to listen. */
  static final String OPTION = "--listen";

  /** The same, with how to write it. */
  static final String OPTION_URI = OPTION + " nbd+unix:///?socket=PATH";

  private static final int BACKLOG = 128;

  private final List<ServerSocketChannel> channels = new ArrayList<>();
  private final List<UnixSocket> unixSockets = new ArrayList<>();
  private final List<ListenAddress> addresses = new ArrayList<>();

  /** Ports are taken, and names looked at; nothing that exists is changed. */
  void begin(List<ListenAddress> wanted) throws CommandFailure {
    for (ListenAddress address : wanted) {
      switch (address) {
        case ListenAddress.Unix unix -> {
          UnixSocket.requireFree(unix.path(), OPTION);
          addresses.add(unix);
        }
        case ListenAddress.Tcp tcp -> bindTcp(tcp);
      }
    }
  }

  /** The rest. The cache's lock is held, which removing a socket that was left over needs. */
  void complete(List<ListenAddress> wanted) throws CommandFailure {
    for (ListenAddress address : wanted) {
      if (address instanceof ListenAddress.Unix unix) {
        UnixSocket socket = UnixSocket.listen(unix.path(), OPTION);
        unixSockets.add(socket);
        channels.add(socket.channel());
      }
    }
  }

  private void bindTcp(ListenAddress.Tcp tcp) throws CommandFailure {
    try {
      // Of its own family: one of IPv6's would take 0.0.0.0 for every address, of IPv6 as well.
      ServerSocketChannel channel = ServerSocketChannel.open(tcp.family());
      channels.add(channel);
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(tcp.address(), BACKLOG);
      addresses.add(
          new ListenAddress.Tcp(tcp.export(), (InetSocketAddress) channel.getLocalAddress()));
    } catch (BindException e) {
      throw CommandFailure.failure(
          "cannot listen on %s port %d: %s; give another --listen"
              .formatted(tcp.address().getHostString(), tcp.address().getPort(), e.getMessage()));
    } catch (IOException e) {
      throw CommandFailure.failure("cannot listen on " + tcp.address() + ": " + e.getMessage());
    }
  }

  List<ServerSocketChannel> channels() {
    return channels;
  }

  /** What clients connect to, in the order asked for, separated by spaces. */
  String uris(String exportName, boolean tls) {
    return String.join(
        " ", addresses.stream().map(address -> address.uri(exportName, tls)).toList());
  }

  /** Stops listening and gives the names back. */
  @Override
  public void close() {
    for (UnixSocket socket : unixSockets) {
      try {
        socket.remove();
      } catch (IOException e) {
        LOG.log(System.Logger.Level.WARNING, "The socket could not be removed: {0}", e.toString());
      }
    }
    for (ServerSocketChannel channel : channels) {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.log(System.Logger.Level.WARNING, "Closing a socket: {0}", e.toString());
      }
    }
  }
}
