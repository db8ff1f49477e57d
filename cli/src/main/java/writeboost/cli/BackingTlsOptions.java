package writeboost.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import writeboost.nbd.Tls;

/** How a BACKING over NBD with TLS is verified, and how we prove ourselves to it. */
final class BackingTlsOptions {

  private static final String AUTHORITIES = "--backing-tls-ca";
  private static final String CERTIFICATE = "--backing-tls-cert";
  private static final String KEY = "--backing-tls-key";

  /** Behind what went wrong with certificates. */
  static final String HINT =
      " there, and here %s (who may have signed the server's), %s and %s (our own)"
          .formatted(AUTHORITIES, CERTIFICATE, KEY);

  @Option(
      names = AUTHORITIES,
      paramLabel = "FILE",
      description =
          "For a BACKING over nbds: authorities that may sign its server's certificate (PEM)."
              + " Default: those that Java trusts.")
  private @Nullable Path authorities;

  @Option(
      names = CERTIFICATE,
      paramLabel = "FILE",
      description = "The certificate to show to that server (PEM).")
  private @Nullable Path certificate;

  @Option(
      names = KEY,
      paramLabel = "FILE",
      description = "Its private key (PEM, PKCS#8); others must not be able to read it.")
  private @Nullable Path key;

  /** Null for nothing but what Java trusts. */
  @Nullable Tls load() throws CommandFailure, IOException {
    boolean own = certificate != null || key != null;
    if (authorities == null) {
      if (own) {
        throw CommandFailure.usage(CERTIFICATE + " needs " + AUTHORITIES);
      }
      return null;
    }
    if (certificate != null && key != null) {
      return Tls.client(authorities, certificate, key);
    }
    if (own) {
      throw CommandFailure.usage(CERTIFICATE + " and " + KEY + " come together");
    }
    return Tls.client(authorities);
  }
}
