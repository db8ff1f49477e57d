package writeboost.nbd;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of an {@link NbdServer}; {@link #DEFAULTS} and the {@code with} methods make one.
 *
 * @param handshakeTimeout a connection that has not ended its handshake by then is closed
 * @param stallTimeout while others wait for memory, a client that holds some, and keeps its
 *     connection waiting for so long in the middle of a request or of its replies, is closed
 * @param maxConnections further ones are closed at once
 * @param totalRequests in flight of all connections together. A connection keeps room for as many
 *     as it once had, at most {@value #CONNECTION_REQUESTS}, until it ends; beyond the total it has
 *     room for {@value #GUARANTEED_REQUESTS}, and is not read from while that is used up
 * @param connectionBytes bytes; memory for requests in flight of one connection. A connection that
 *     has used it up is not read from until something completes
 * @param totalBytes bytes; the same for all connections together; of what is more than {@code
 *     connectionBytes}, half is for connections that use little. Beyond it every connection keeps a
 *     small share of its own, so that none can starve another
 * @param poll how long a connection that waits for its client looks again and again, before it
 *     sleeps; zero: not at all. Saves clients that wait for each answer the time that it takes to
 *     wake a thread, and costs processor time
 * @param latencies told how long each request took
 * @param tls if there is one, a client must start TLS before anything else; null for none
 */
public record ServerOptions(
    Duration handshakeTimeout,
    Duration stallTimeout,
    int maxConnections,
    int totalRequests,
    long connectionBytes,
    long totalBytes,
    Duration poll,
    Latencies latencies,
    @Nullable Tls tls) {

  /** Requests of one connection that are worked on at once. */
  public static final int CONNECTION_REQUESTS = 1024;

  /** Longer than this, being woken is not what takes the time. */
  public static final Duration LONGEST_POLL = Duration.ofMillis(1);

  static final int GUARANTEED_REQUESTS = 64;

  public static final ServerOptions DEFAULTS =
      new ServerOptions(
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          64,
          16 * CONNECTION_REQUESTS,
          64L << 20,
          128L << 20,
          Duration.ZERO,
          Latencies.NONE,
          null);

  public ServerOptions {
    if (!handshakeTimeout.isPositive() || !stallTimeout.isPositive()) {
      throw new IllegalArgumentException("time-outs must be positive");
    }
    if (poll.isNegative() || poll.compareTo(LONGEST_POLL) > 0) {
      throw new IllegalArgumentException("Polling takes 0 to " + LONGEST_POLL.toMillis() + " ms");
    }
    if (maxConnections < 1) {
      throw new IllegalArgumentException("At least one connection must be allowed");
    }
    if (totalRequests < 1) {
      throw new IllegalArgumentException("At least one request must be allowed");
    }
    if (connectionBytes < Protocol.MAX_PAYLOAD || totalBytes < connectionBytes) {
      throw new IllegalArgumentException(
          "A connection needs memory for one request of " + Protocol.MAX_PAYLOAD + " bytes");
    }
  }

  public ServerOptions withHandshakeTimeout(Duration timeout) {
    return new ServerOptions(
        timeout,
        stallTimeout,
        maxConnections,
        totalRequests,
        connectionBytes,
        totalBytes,
        poll,
        latencies,
        tls);
  }

  public ServerOptions withStallTimeout(Duration timeout) {
    return new ServerOptions(
        handshakeTimeout,
        timeout,
        maxConnections,
        totalRequests,
        connectionBytes,
        totalBytes,
        poll,
        latencies,
        tls);
  }

  public ServerOptions withMaxConnections(int connections) {
    return new ServerOptions(
        handshakeTimeout,
        stallTimeout,
        connections,
        totalRequests,
        connectionBytes,
        totalBytes,
        poll,
        latencies,
        tls);
  }

  public ServerOptions withTotalRequests(int requests) {
    return new ServerOptions(
        handshakeTimeout,
        stallTimeout,
        maxConnections,
        requests,
        connectionBytes,
        totalBytes,
        poll,
        latencies,
        tls);
  }

  public ServerOptions withBytesInFlight(long perConnection, long inAll) {
    return new ServerOptions(
        handshakeTimeout,
        stallTimeout,
        maxConnections,
        totalRequests,
        perConnection,
        inAll,
        poll,
        latencies,
        tls);
  }

  public ServerOptions withPoll(Duration time) {
    return new ServerOptions(
        handshakeTimeout,
        stallTimeout,
        maxConnections,
        totalRequests,
        connectionBytes,
        totalBytes,
        time,
        latencies,
        tls);
  }

  public ServerOptions withLatencies(Latencies told) {
    return new ServerOptions(
        handshakeTimeout,
        stallTimeout,
        maxConnections,
        totalRequests,
        connectionBytes,
        totalBytes,
        poll,
        told,
        tls);
  }

  public ServerOptions withTls(@Nullable Tls secured) {
    return new ServerOptions(
        handshakeTimeout,
        stallTimeout,
        maxConnections,
        totalRequests,
        connectionBytes,
        totalBytes,
        poll,
        latencies,
        secured);
  }
}
