package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PemFileTest {

  @TempDir static Path folder;
  private static Certificates certificates;

  @BeforeAll
  static void make() throws Exception {
    certificates = new Certificates(folder);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rsa:2048", "ed25519", "ec"})
  void keysOfAllKinds(String kind) throws Exception {
    String name = kind.replace(':', '-');
    Path key = folder.resolve(name + ".key");
    Path certificate = folder.resolve(name + ".pem");
    Object[] curve = {"-pkeyopt", "ec_paramgen_curve:P-384"};
    certificates.run(
        "req",
        "-x509",
        "-newkey",
        kind,
        List.of(kind.equals("ec") ? curve : new Object[0]),
        "-nodes",
        "-subj",
        "/CN=x",
        List.of("-keyout", key, "-out", certificate));
    assertThat(Tls.server(certificate, key).verifyClients()).isFalse();
    assertThatIOException()
        .isThrownBy(() -> Tls.server(certificates.authority.certificate(), key))
        .withMessageStartingWith(key + ": is not the key of the first certificate in ");
  }

  @Test
  void whatOthersMayReadIsNoKey() throws Exception {
    Certificates.Identity identity = certificates.server("open");
    Files.setPosixFilePermissions(identity.key(), PosixFilePermissions.fromString("rw-r--r--"));
    assertThatIOException()
        .isThrownBy(() -> Tls.server(identity.certificate(), identity.key()))
        .withMessage(
            "%s: others may read or write this key; take that from them: chmod o= %s",
            identity.key(), identity.key());
    Files.setPosixFilePermissions(identity.key(), PosixFilePermissions.fromString("rw-r-----"));
    assertThat(Tls.server(identity.certificate(), identity.key()).context()).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"-traditional", "-aes256"})
  void keysInOtherFormsAreNamedAndHowToConvertThem(String form) throws Exception {
    Path key = folder.resolve("converted" + form);
    Path rsa = folder.resolve("rsa" + form);
    certificates.run("genrsa", "-out", rsa, "2048");
    certificates.run("rsa", "-in", rsa, form, "-passout", "pass:secret", "-out", key);
    assertThatIOException()
        .isThrownBy(() -> PemFile.privateKey(key))
        .withMessageContaining(
            "than unencrypted PKCS#8; convert it: openssl pkcs8 -topk8 -nocrypt");
  }

  @Test
  void whatIsNoneIsRefused() throws Exception {
    Path text = Files.writeString(folder.resolve("text"), "nothing");
    Files.setPosixFilePermissions(text, PosixFilePermissions.fromString("rw-------"));
    assertThatIOException()
        .isThrownBy(() -> PemFile.certificates(text))
        .withMessage(text + ": holds no certificate in PEM form; check the path");
    assertThatIOException()
        .isThrownBy(() -> PemFile.privateKey(text))
        .withMessage(text + ": holds no private key in PEM form; check the path");
    assertThatIOException()
        .isThrownBy(() -> PemFile.privateKey(folder.resolve("none")))
        .withMessage(folder.resolve("none") + ": no such file; check the path");
    assertThatIOException()
        .isThrownBy(() -> PemFile.certificates(folder))
        .withMessageStartingWith(folder.toString());
    assertThatIOException()
        .isThrownBy(() -> PemFile.certificates(Path.of("/dev/zero")))
        .withMessageContaining("too large");
    Path damaged =
        Files.writeString(
            folder.resolve("damaged"),
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
                + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    Files.setPosixFilePermissions(damaged, PosixFilePermissions.fromString("rw-------"));
    assertThatIOException()
        .isThrownBy(() -> PemFile.certificates(damaged))
        .withMessageStartingWith(damaged + ": holds a damaged certificate");
    assertThatIOException()
        .isThrownBy(() -> PemFile.privateKey(damaged))
        .withMessageStartingWith(damaged + ": its key is damaged");
  }
}
