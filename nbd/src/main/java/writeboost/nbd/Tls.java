package writeboost.nbd;

import java.io.IOException;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * Who one side of connections is, and whom it takes the other for. TLS 1.2 and 1.3, with X.509
 * certificates.
 *
 * @param context with the certificate and the key of this side, if it has any, and with the
 *     authorities that it trusts
 * @param verifyClients as a server: a client without a certificate that one of the authorities has
 *     signed is refused. A client always verifies its server, and the server's name
 */
public record Tls(SSLContext context, boolean verifyClients) {

  private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

  /**
   * A server that takes every client.
   *
   * @param certificates a PEM file: the server's certificate, then those in between it and the
   *     authority
   * @param key a PEM file with its private key, in PKCS#8 and not encrypted. Others than the
   *     owner's group must not be able to read it
   * @throws IOException if that does not work; the message is one line: what, which file, what to
   *     do
   */
  public static Tls server(Path certificates, Path key) throws IOException {
    return new Tls(new Credentials().withIdentity(certificates, key).context(), false);
  }

  /**
   * As {@link #server(Path, Path)}, but a client needs a certificate.
   *
   * @param authorities a PEM file with the certificates of those who may sign those of clients
   */
  public static Tls server(Path certificates, Path key, Path authorities) throws IOException {
    return new Tls(
        new Credentials().withIdentity(certificates, key).withAuthorities(authorities).context(),
        true);
  }

  /** A client that trusts the authorities that the Java runtime does. */
  public static Tls client() throws IOException {
    return new Tls(new Credentials().context(), false);
  }

  /**
   * @param authorities a PEM file with the certificates of those who may sign that of the server
   */
  public static Tls client(Path authorities) throws IOException {
    return new Tls(new Credentials().withAuthorities(authorities).context(), false);
  }

  /** As {@link #client(Path)}, for a server that wants to see a certificate. */
  public static Tls client(Path authorities, Path certificates, Path key) throws IOException {
    return new Tls(
        new Credentials().withIdentity(certificates, key).withAuthorities(authorities).context(),
        false);
  }

  SSLEngine serverEngine() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(VERSIONS);
    parameters.setUseCipherSuitesOrder(true);
    parameters.setNeedClientAuth(verifyClients);
    engine.setSSLParameters(parameters);
    return engine;
  }

  /**
   * @param server the name or the address that its certificate must have
   */
  SSLEngine clientEngine(String server, int port) {
    SSLEngine engine = context.createSSLEngine(server, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(VERSIONS);
    parameters.setEndpointIdentificationAlgorithm("HTTPS"); // the rules of RFC 2818 for names
    engine.setSSLParameters(parameters);
    return engine;
  }
}
