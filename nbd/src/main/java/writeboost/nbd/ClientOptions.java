package writeboost.nbd;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

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
 * @param tls for an address that wants TLS; null for the authorities that the Java runtime trusts
 *     and no certificate of our own
 */
public record ClientOptions(
    boolean readOnly,
    boolean noFlush,
    Duration connectTimeout,
    Duration readTimeout,
    Duration quarantine,
    @Nullable Tls tls) {

  public static final ClientOptions DEFAULTS =
      new ClientOptions(
          false,
          false,
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofSeconds(30),
          null);

  public ClientOptions {
    if (!connectTimeout.isPositive() || readTimeout.isNegative() || quarantine.isNegative()) {
      throw new IllegalArgumentException("time-outs must be positive");
    }
  }

  public ClientOptions withReadOnly(boolean value) {
    return new ClientOptions(value, noFlush, connectTimeout, readTimeout, quarantine, tls);
  }

  public ClientOptions withNoFlush(boolean value) {
    return new ClientOptions(readOnly, value, connectTimeout, readTimeout, quarantine, tls);
  }

  public ClientOptions withConnectTimeout(Duration timeout) {
    return new ClientOptions(readOnly, noFlush, timeout, readTimeout, quarantine, tls);
  }

  public ClientOptions withReadTimeout(Duration timeout) {
    return new ClientOptions(readOnly, noFlush, connectTimeout, timeout, quarantine, tls);
  }

  public ClientOptions withQuarantine(Duration time) {
    return new ClientOptions(readOnly, noFlush, connectTimeout, readTimeout, time, tls);
  }

  public ClientOptions withTls(@Nullable Tls secured) {
    return new ClientOptions(readOnly, noFlush, connectTimeout, readTimeout, quarantine, secured);
  }
}
