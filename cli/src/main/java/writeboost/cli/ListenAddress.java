package writeboost.cli;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HexFormat;

/**
 * Where a server listens, as an NBD URI says it: {@code nbd+unix:///EXPORT?socket=PATH} or {@code
 * nbd://HOST:PORT/EXPORT}. With TLS the schemes are {@code nbds+unix} and {@code nbds}; the others
 * are taken too.
 */
sealed interface ListenAddress {

  int DEFAULT_PORT = 10809;

  /** The export name in the URI; empty if there is none. */
  String export();

  /** The URI that clients connect to. */
  String uri(String exportName, boolean tls);

  /** A Unix socket. */
  record Unix(String export, Path path) implements ListenAddress {
    @Override
    public String uri(String exportName, boolean tls) {
      String scheme = tls ? "nbds+unix" : "nbd+unix";
      return scheme + ":///" + encode(exportName) + "?socket=" + encode(path.toString());
    }
  }

  /** A TCP socket; port 0 is any free one. */
  record Tcp(String export, InetSocketAddress address) implements ListenAddress {
    boolean isLoopback() {
      return address.getAddress().isLoopbackAddress();
    }

    ProtocolFamily family() {
      return address.getAddress() instanceof Inet4Address
          ? StandardProtocolFamily.INET
          : StandardProtocolFamily.INET6;
    }

    @Override
    public String uri(String exportName, boolean tls) {
      String host = address.getAddress().getHostAddress();
      String bracketed = host.contains(":") ? "[" + host + "]" : host;
      return "%s://%s:%d/%s"
          .formatted(tls ? "nbds" : "nbd", bracketed, address.getPort(), encode(exportName));
    }
  }

  /**
   * @param tls whether there is TLS
   */
  static ListenAddress parse(String text, boolean tls) throws CommandFailure {
    try {
      URI uri = new URI(text);
      String path = uri.getPath() == null ? "" : uri.getPath();
      String export = path.startsWith("/") ? path.substring(1) : path;
      String scheme = String.valueOf(uri.getScheme());
      if (!tls && (scheme.equals("nbds") || scheme.equals("nbds+unix"))) {
        throw CommandFailure.usage("--listen " + text + ": TLS needs " + TlsOptions.BOTH);
      }
      return switch (scheme) {
        case "nbd+unix", "nbds+unix" -> new Unix(export, socketPath(text, uri));
        case "nbd", "nbds" -> new Tcp(export, address(text, uri));
        default -> throw malformed(text);
      };
    } catch (URISyntaxException | InvalidPathException e) {
      throw malformed(text);
    }
  }

  private static Path socketPath(String text, URI uri) throws CommandFailure {
    String prefix = "socket=";
    String query = uri.getRawQuery();
    if (uri.getRawAuthority() != null) { // two slashes: what is meant for the name is in its place
      throw malformed(text);
    }
    if (query == null || !query.startsWith(prefix) || query.length() == prefix.length()) {
      throw malformed(text);
    }
    if (query.contains("&") || uri.getRawFragment() != null) { // in a path these are %26 and %23
      throw malformed(text);
    }
    return Path.of(uri.getQuery().substring(prefix.length())).toAbsolutePath();
  }

  private static InetSocketAddress address(String text, URI uri) throws CommandFailure {
    String host = uri.getHost();
    int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
    if (host == null || port > 0xFFFF) {
      throw malformed(text);
    }
    if (uri.getRawUserInfo() != null || uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw malformed(text);
    }
    try {
      return new InetSocketAddress(InetAddress.getByName(host), port);
    } catch (UnknownHostException e) {
      throw CommandFailure.failure("--listen " + text + ": there is no host " + host);
    }
  }

  private static CommandFailure malformed(String text) {
    return CommandFailure.usage(
        "--listen "
            + text
            + ": not an address; give nbd+unix:///NAME?socket=PATH or nbd://HOST:PORT");
  }

  private static String encode(String text) {
    try {
      // With an authority, because a path of two slashes would be taken for one.
      String path = new URI("nbd", "host", "/" + text, null).getRawPath();
      return ascii(path.substring(1).replace("?", "%3F").replace("&", "%26").replace("+", "%2B"));
    } catch (URISyntaxException e) {
      throw new IllegalStateException(text, e);
    }
  }

  /** Other letters than ASCII's are no part of a URI: clients refuse one that has them. */
  private static String ascii(String text) {
    StringBuilder ascii = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (b < 0) {
        ascii.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
      } else {
        ascii.append((char) b);
      }
    }
    return ascii.toString();
  }
}
