package writeboost.nbd;

import java.time.Duration;

/**
 * How an {@link NbdDevice} treats its server; {@link #DEFAULTS} and the {@code with} methods make
 * one.
 *
 * @param readOnly nothing is written, whatever the server takes
 * @param noFlush a server that cannot flush is taken: what it has acknowledged counts as durable,
 *     unless the connection was lost since
 * @param connectTimeout for one attempt to connect, handshake and all
 * @param readTimeout without a connection for so long, READs fail
 * @param quarantine after a connection that was not ended by the server while changes were in
 *     flight, the next one takes no changes for so long
 */
public record ClientOptions(
    boolean readOnly,
    boolean noFlush,
    Duration connectTimeout,
    Duration readTimeout,
    Duration quarantine) {

  public static final ClientOptions DEFAULTS =
      new ClientOptions(
          false, false, Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(30));

  public ClientOptions {
    if (!connectTimeout.isPositive() || readTimeout.isNegative() || quarantine.isNegative()) {
      throw new IllegalArgumentException("time-outs must be positive");
    }
  }

  public ClientOptions withReadOnly(boolean value) {
    return new ClientOptions(value, noFlush, connectTimeout, readTimeout, quarantine);
  }

  public ClientOptions withNoFlush(boolean value) {
    return new ClientOptions(readOnly, value, connectTimeout, readTimeout, quarantine);
  }

  public ClientOptions withConnectTimeout(Duration timeout) {
    return new ClientOptions(readOnly, noFlush, timeout, readTimeout, quarantine);
  }

  public ClientOptions withReadTimeout(Duration timeout) {
    return new ClientOptions(readOnly, noFlush, connectTimeout, timeout, quarantine);
  }

  public ClientOptions withQuarantine(Duration time) {
    return new ClientOptions(readOnly, noFlush, connectTimeout, readTimeout, time);
  }
}
