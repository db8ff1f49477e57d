package writeboost.nbd;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/** What went wrong between two sides of TLS, for people. What JSSE says is for programmers. */
final class TlsFailure {

  private static final Pattern NAME_MISMATCH =
      Pattern.compile("^No .*\\b(?:matching|IP address) (\\S+) found");

  private TlsFailure() {}

  /** One line; printable, even where the other side has had a hand in it. */
  static String describe(SSLException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateExpiredException) {
        return "the other side's certificate has expired" + when(failure);
      }
      if (cause instanceof CertificateNotYetValidException) {
        return "the other side's certificate is not valid yet";
      }
      if (cause instanceof CertPathBuilderException) {
        return "no authority that is trusted here has signed the other side's certificate";
      }
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      // Of what is wrong with a certificate's names JSSE has no exceptions of its own.
      if (cause instanceof CertificateException || cause instanceof CertPathValidatorException) {
        Matcher mismatch = NAME_MISMATCH.matcher(message(cause));
        if (mismatch.find()) {
          return "the other side's certificate is not for " + mismatch.group(1);
        }
        return "the other side's certificate does not do: " + message(cause);
      }
    }
    return byAlert(message(failure));
  }

  /** When the certificate that {@code failure} is about has expired, where it says which it is. */
  private static String when(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertPathValidatorException e
          && e.getCertPath() != null
          && e.getIndex() >= 0
          && e.getCertPath().getCertificates().get(e.getIndex()) instanceof X509Certificate of) {
        return " on " + of.getNotAfter().toInstant();
      }
    }
    return "";
  }

  /** Alerts are in the message only: our own, and those that the other side has sent. */
  private static String byAlert(String message) {
    if (message.contains("Empty client certificate chain")) {
      return "the client has shown no certificate";
    }
    if (message.contains("certificate_required")) {
      return "the server wants to see a certificate of ours";
    }
    if (message.contains("certificate_expired")) {
      return "the other side says that our certificate has expired";
    }
    if (message.contains("certificate_unknown") || message.contains("unknown_ca")) {
      return "the other side does not trust our certificate";
    }
    return message;
  }

  private static String message(Throwable failure) {
    return Printable.of(String.valueOf(failure.getMessage()));
  }
}
