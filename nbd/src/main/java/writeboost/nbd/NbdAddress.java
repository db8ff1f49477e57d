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
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where an export is, as an NBD URI says it: {@code nbd://HOST[:PORT]/EXPORT} or {@code
 * nbd+unix:///EXPORT?socket=PATH}; with TLS {@code nbds} and {@code nbds+unix}, which take {@code
 * tls-hostname=NAME} too.
 *
 * @param text the URI, for people
 * @param socket of a Unix socket; null for TCP
 * @param host empty for a Unix socket
 * @param export its name; empty is the server's default
 * @param tlsName the name or address that the server's certificate must have; null without TLS
 */
public record NbdAddress(
    String text,
    @Nullable Path socket,
    String host,
    int port,
    String export,
    @Nullable String tlsName) {

  public static final int DEFAULT_PORT = 10809;

  private static final String SOCKET = "socket";
  private static final String TLS_NAME = "tls-hostname";

  /** What a server behind a Unix socket is called, unless the address says something else. */
  private static final String LOCAL = "localhost";

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
        case "nbd" -> tcp(text, uri, false);
        case "nbds" -> tcp(text, uri, true);
        case "nbd+unix" -> unix(text, uri, false);
        case "nbds+unix" -> unix(text, uri, true);
        default -> throw malformed(text);
      };
    } catch (URISyntaxException | InvalidPathException e) {
      throw malformed(text);
    }
  }

  private static NbdAddress tcp(String text, URI uri, boolean tls) {
    String host = uri.getHost();
    int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
    Map<String, String> query = query(text, uri, tls ? Set.of(TLS_NAME) : Set.of());
    if (host == null || port < 1 || port > 0xFFFF || uri.getUserInfo() != null) {
      throw malformed(text);
    }
    String plain = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    String name = tls ? query.getOrDefault(TLS_NAME, plain) : null;
    return new NbdAddress(text, null, host, port, export(text, uri), name);
  }

  private static NbdAddress unix(String text, URI uri, boolean tls) {
    Map<String, String> query = query(text, uri, tls ? Set.of(SOCKET, TLS_NAME) : Set.of(SOCKET));
    String path = query.get(SOCKET);
    if (uri.getRawAuthority() != null || path == null) {
      throw malformed(text);
    }
    String name = tls ? query.getOrDefault(TLS_NAME, LOCAL) : null;
    return new NbdAddress(text, Path.of(path).toAbsolutePath(), "", 0, export(text, uri), name);
  }

  private static Map<String, String> query(String text, URI uri, Set<String> known) {
    Map<String, String> values = new HashMap<>();
    String query = uri.getRawQuery();
    for (String parameter : query == null ? new String[0] : query.split("&", -1)) {
      int equals = parameter.indexOf('=');
      String key = equals < 0 ? "" : parameter.substring(0, equals);
      // A plus is a plus here: only forms mean a blank with it.
      String value = parameter.substring(equals + 1).replace("+", "%2B");
      boolean first = values.put(key, URLDecoder.decode(value, StandardCharsets.UTF_8)) == null;
      if (!known.contains(key) || value.isEmpty() || !first) {
        throw malformed(text);
      }
    }
    if (uri.getFragment() != null) {
      throw malformed(text);
    }
    return values;
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

  /** Whether what is said there is said inside TLS. */
  public boolean wantsTls() {
    return tlsName != null;
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
