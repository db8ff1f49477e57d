package writeboost.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import writeboost.nbd.Tls;

/** What a server says of itself over TLS, and asks of its clients, as the command line has it. */
final class TlsOptions {

  private static final String CERTIFICATE = "--tls-cert";
  private static final String KEY = "--tls-key";
  private static final String AUTHORITIES = "--tls-ca";
  private static final String VERIFY = "--tls-verify-peer";

  /** What messages advise. */
  static final String BOTH = CERTIFICATE + " and " + KEY;

  @Option(
      names = CERTIFICATE,
      paramLabel = "FILE",
      description =
          "Clients must use TLS (1.2 or 1.3), on every socket. The server's certificate, and those"
              + " between it and the authority (PEM).")
  private @Nullable Path certificate;

  @Option(
      names = KEY,
      paramLabel = "FILE",
      description = "Its private key (PEM, PKCS#8); others must not be able to read it.")
  private @Nullable Path key;

  @Option(
      names = VERIFY,
      description = "Take only clients with a certificate that " + AUTHORITIES + " has signed.")
  private boolean verifyPeer;

  @Option(
      names = AUTHORITIES,
      paramLabel = "FILE",
      description = "Certificates of the authorities that sign those of clients (PEM).")
  private @Nullable Path authorities;

  /** Null if clients come without. */
  @Nullable Tls load() throws CommandFailure, IOException {
    if (verifyPeer != (authorities != null)) {
      throw CommandFailure.usage(
          verifyPeer
              ? VERIFY + " needs " + AUTHORITIES + ": who signs the certificates of clients"
              : AUTHORITIES + " is for " + VERIFY + "; give both or none");
    }
    if (certificate == null || key == null) {
      if (certificate != null || key != null || verifyPeer) {
        throw CommandFailure.usage("TLS needs both " + BOTH);
      }
      return null;
    }
    return authorities == null
        ? Tls.server(certificate, key)
        : Tls.server(certificate, key, authorities);
  }
}
