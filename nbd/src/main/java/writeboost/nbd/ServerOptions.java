package writeboost.nbd;

import java.time.Duration;

/**
 * The bounds of an {@link NbdServer}; {@link #DEFAULTS} and the {@code with} methods make one.
 *
 * @param handshakeTimeout a connection that has not ended its handshake by then is closed
 * @param maxConnections further ones are closed at once
 * @param connectionBytes bytes; memory for requests in flight of one connection. A connection that
 *     has used it up is not read from until something completes
 * @param totalBytes bytes; the same for all connections together. Beyond it every connection keeps
 *     a small share of its own, so that none can starve another
 * @param latencies told how long each request took
 */
public record ServerOptions(
    Duration handshakeTimeout,
    int maxConnections,
    long connectionBytes,
    long totalBytes,
    Latencies latencies) {

  public static final ServerOptions DEFAULTS =
      new ServerOptions(Duration.ofSeconds(10), 64, 64L << 20, 96L << 20, Latencies.NONE);

  public ServerOptions {
    if (handshakeTimeout.isNegative() || handshakeTimeout.isZero()) {
      throw new IllegalArgumentException("The handshake time-out must be positive");
    }
    if (maxConnections < 1) {
      throw new IllegalArgumentException("At least one connection must be allowed");
    }
    if (connectionBytes < Protocol.MAX_PAYLOAD || totalBytes < connectionBytes) {
      throw new IllegalArgumentException(
          "A connection needs memory for one request of " + Protocol.MAX_PAYLOAD + " bytes");
    }
  }

  public ServerOptions withHandshakeTimeout(Duration timeout) {
    return new ServerOptions(timeout, maxConnections, connectionBytes, totalBytes, latencies);
  }

  public ServerOptions withMaxConnections(int connections) {
    return new ServerOptions(handshakeTimeout, connections, connectionBytes, totalBytes, latencies);
  }

  public ServerOptions withBytesInFlight(long perConnection, long inAll) {
    return new ServerOptions(handshakeTimeout, maxConnections, perConnection, inAll, latencies);
  }

  public ServerOptions withLatencies(Latencies told) {
    return new ServerOptions(handshakeTimeout, maxConnections, connectionBytes, totalBytes, told);
  }
}
