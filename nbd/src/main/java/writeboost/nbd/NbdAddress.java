package writeboost.nbd;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where an export is, as an NBD URI says it: {@code nbd://HOST[:PORT]/EXPORT} or {@code
 * nbd+unix:///EXPORT?socket=PATH}.
 *
 * @param text the URI, for people
 * @param socket of a Unix socket; null for TCP
 * @param host empty for a Unix socket
 * @param export its name; empty is the server's default
 */
public record NbdAddress(String text, @Nullable Path socket, String host, int port, String export) {

  public static final int DEFAULT_PORT = 10809;

  private static final String SOCKET = "socket=";

  /** Whether {@code text} is meant as an NBD URI, well formed or not; no file is called so. */
  public static boolean looksLikeOne(String text) {
    return text.startsWith("nbd") && text.contains("://");
  }

  /**
   * @throws IllegalArgumentException if it is none; the message is one line that says so
   */
  public static NbdAddress parse(String text) {
    try {
      URI uri = new URI(text);
      return switch (String.valueOf(uri.getScheme())) {
        case "nbd" -> tcp(text, uri);
        case "nbd+unix" -> unix(text, uri);
        case "nbds", "nbds+unix" ->
            throw new IllegalArgumentException(
                text + ": TLS is not supported yet; use a Unix socket, or a tunnel");
        default -> throw malformed(text);
      };
    } catch (URISyntaxException | InvalidPathException e) {
      throw malformed(text);
    }
  }

  private static NbdAddress tcp(String text, URI uri) {
    String host = uri.getHost();
    int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
    boolean more = uri.getUserInfo() != null || uri.getQuery() != null || uri.getFragment() != null;
    if (host == null || port < 1 || port > 0xFFFF || more) {
      throw malformed(text);
    }
    return new NbdAddress(text, null, host, port, export(text, uri));
  }

  private static NbdAddress unix(String text, URI uri) {
    String query = uri.getRawQuery();
    if (uri.getRawAuthority() != null
        || uri.getFragment() != null
        || query == null
        || query.contains("&")
        || !query.startsWith(SOCKET)
        || query.length() == SOCKET.length()) {
      throw malformed(text);
    }
    // A plus is a plus here: only forms mean a blank with it.
    String path = query.substring(SOCKET.length()).replace("+", "%2B");
    Path socket = Path.of(URLDecoder.decode(path, StandardCharsets.UTF_8)).toAbsolutePath();
    return new NbdAddress(text, socket, "", 0, export(text, uri));
  }

  private static String export(String text, URI uri) {
    String path = uri.getPath() == null ? "" : uri.getPath();
    String export = path.startsWith("/") ? path.substring(1) : path;
    if (export.getBytes(StandardCharsets.UTF_8).length > Protocol.MAX_STRING_BYTES) {
      throw malformed(text);
    }
    return export;
  }

  private static IllegalArgumentException malformed(String text) {
    return new IllegalArgumentException(
        text
            + ": not an NBD address; give nbd://HOST:PORT/EXPORT or"
            + " nbd+unix:///EXPORT?socket=PATH");
  }

  /** What a volume behind this address may be called: the export's name, or else the place's. */
  public String name() {
    if (!export.isEmpty()) {
      return export;
    }
    Path file = socket == null ? null : socket.getFileName();
    return file == null ? host : file.toString();
  }

  boolean isUnix() {
    return socket != null;
  }

  SocketChannel open() throws IOException {
    return isUnix() ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
  }

  /** Looks the host up, which may have moved since. */
  SocketAddress resolve() throws IOException {
    if (socket != null) {
      return UnixDomainSocketAddress.of(socket);
    }
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new IOException("there is no host " + host + "; check the name");
    }
    return address;
  }

  @Override
  public String toString() {
    return text;
  }
}
