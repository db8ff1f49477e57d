package writeboost.nbd;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** PEM files on their way into an {@link SSLContext}. One thread. */
final class Credentials {

  /** Of a key store that is never written anywhere. */
  private static final System.Logger LOG = System.getLogger(Credentials.class.getPackageName());

  /** Time enough to get another one. */
  private static final Duration SOON = Duration.ofDays(14);

  private static final char[] PASSWORD = {};

  private KeyManager @Nullable [] keys;
  private TrustManager @Nullable [] trust;

  Credentials withIdentity(Path certificates, Path key) throws IOException {
    List<X509Certificate> chain = PemFile.certificates(certificates);
    PrivateKey secret = PemFile.privateKey(key);
    requirePair(chain.getFirst().getPublicKey(), certificates, secret, key);
    warnOfExpiry(chain.getFirst(), certificates);
    try {
      KeyStore store = emptyStore();
      store.setKeyEntry("own", secret, PASSWORD, chain.toArray(new X509Certificate[0]));
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, PASSWORD);
      keys = factory.getKeyManagers();
      return this;
    } catch (GeneralSecurityException e) {
      throw new IOException(certificates + ": cannot be used for TLS: " + e.getMessage(), e);
    }
  }

  Credentials withAuthorities(Path authorities) throws IOException {
    try {
      KeyStore store = emptyStore();
      for (X509Certificate authority : PemFile.certificates(authorities)) {
        store.setCertificateEntry("authority " + store.size(), authority);
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      trust = factory.getTrustManagers();
      return this;
    } catch (GeneralSecurityException e) {
      throw new IOException(authorities + ": cannot be used for TLS: " + e.getMessage(), e);
    }
  }

  SSLContext context() throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, trust, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("TLS cannot be used: " + e.getMessage(), e);
    }
  }

  /** Who connects would notice, and be told less. */
  private static void warnOfExpiry(X509Certificate certificate, Path file) {
    Instant now = Instant.now();
    Instant begin = certificate.getNotBefore().toInstant();
    Instant end = certificate.getNotAfter().toInstant();
    if (now.isBefore(begin)) {
      LOG.log(Level.WARNING, "{0}: the certificate is not valid before {1}", file, begin);
    } else if (now.isAfter(end)) {
      LOG.log(Level.WARNING, "{0}: the certificate has expired, on {1}", file, end);
    } else if (now.plus(SOON).isAfter(end)) {
      LOG.log(Level.WARNING, "{0}: the certificate is going to expire, on {1}", file, end);
    }
  }

  private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  /** Otherwise the first client would find out, and be told something else. */
  private static void requirePair(PublicKey open, Path certificates, PrivateKey secret, Path key)
      throws IOException {
    try {
      String algorithm =
          switch (secret.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> secret.getAlgorithm();
          };
      byte[] text = {1};
      Signature signing = Signature.getInstance(algorithm);
      signing.initSign(secret);
      signing.update(text);
      byte[] signature = signing.sign();
      Signature verifying = Signature.getInstance(algorithm);
      verifying.initVerify(open);
      verifying.update(text);
      if (verifying.verify(signature)) {
        return;
      }
    } catch (SignatureException | InvalidKeyException e) {
      throw notPair(certificates, key, e);
    } catch (GeneralSecurityException e) {
      throw new IOException(key + ": cannot be used for TLS: " + e.getMessage(), e);
    }
    throw notPair(certificates, key, null);
  }

  private static IOException notPair(Path certificates, Path key, @Nullable Exception cause) {
    return new IOException(
        "%s: is not the key of the first certificate in %s; give the two that belong together"
            .formatted(key, certificates),
        cause);
  }
}
