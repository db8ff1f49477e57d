package writeboost.nbd;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;

/** Certificates that openssl makes for a test, in a folder that is the test's. Valid for a day. */
public final class Certificates {

  /** A certificate and its key. */
  public record Identity(Path certificate, Path key) {}

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final ExternalTool openssl = ExternalTool.find("openssl");
  private final Path folder;

  /** Signs the rest, unless another is named. */
  public final Identity authority;

  public Certificates(Path folder) throws Exception {
    this.folder = folder;
    this.authority = authority("ca");
  }

  public Identity authority(String name) throws Exception {
    Identity identity = identity(name);
    run("req", "-x509", "-days", "1", "-subj", "/CN=" + name, newKey(identity));
    return identity;
  }

  /** For the host {@code localhost} and its addresses. */
  public Identity server(String name) throws Exception {
    return signed(name, authority, "DNS:localhost,IP:127.0.0.1,IP:::1");
  }

  public Identity client(String name) throws Exception {
    return signed(name, authority, "DNS:" + name);
  }

  /**
   * @param names as openssl writes subjectAltName
   */
  public Identity signed(String name, Identity by, String names) throws Exception {
    Identity identity = identity(name);
    run(
        "req",
        "-x509",
        "-days",
        "1",
        "-subj",
        "/CN=" + name,
        List.of("-addext", "subjectAltName=" + names),
        List.of("-addext", "basicConstraints=critical,CA:FALSE"),
        List.of("-CA", by.certificate.toString(), "-CAkey", by.key.toString()),
        newKey(identity));
    return identity;
  }

  public Identity expired(String name) throws Exception {
    Identity identity = identity(name);
    Path request = folder.resolve(name + ".csr");
    run(
        "req",
        "-new",
        "-subj",
        "/CN=" + name,
        List.of("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        newKey(new Identity(request, identity.key)));
    run(
        "x509",
        "-req",
        "-days",
        "-1",
        "-copy_extensions",
        "copy",
        List.of("-in", request.toString(), "-out", identity.certificate.toString()),
        List.of("-CA", authority.certificate.toString(), "-CAkey", authority.key.toString()));
    return identity;
  }

  /** Runs openssl; an argument may be a list of them. */
  void run(Object... arguments) throws Exception {
    List<String> flat = new ArrayList<>();
    for (Object argument : arguments) {
      if (argument instanceof List<?> several) {
        several.forEach(one -> flat.add(one.toString()));
      } else {
        flat.add(argument.toString());
      }
    }
    openssl.run(LIMIT, flat.toArray(new String[0])).expectSuccess();
  }

  private Identity identity(String name) {
    return new Identity(folder.resolve(name + ".pem"), folder.resolve(name + ".key"));
  }

  private static List<String> newKey(Identity identity) {
    return List.of(
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        identity.key.toString(),
        "-out",
        identity.certificate.toString());
  }

  /** A client of ours that trusts the authority. */
  SSLContext trusting() throws IOException {
    return Tls.client(authority.certificate).context();
  }

  /** The same, with a certificate of its own. */
  SSLContext trusting(Identity own) throws IOException {
    return Tls.client(authority.certificate, own.certificate, own.key).context();
  }
}
