package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import writeboost.nbd.Certificates;
import writeboost.nbd.ExternalTool;

/** A volume over TLS, from the command line. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TlsServeTest {

  @TempDir Path temporary;

  @Test
  void clientsComeWithTlsAndCertificatesOrNotAtAll() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("run"));
    Path keys = Files.createDirectory(temporary.resolve("keys"));
    Certificates certificates = new Certificates(keys);
    Certificates.Identity identity = certificates.server("server");
    Certificates.Identity own = certificates.client("client");
    Path authority = certificates.authority.certificate();
    Files.copy(authority, keys.resolve("ca-cert.pem"));
    ExternalTool nbdinfo = ExternalTool.find("nbdinfo");
    String[] options = {
      "--listen", "nbds://0.0.0.0:0",
      "--tls-cert", identity.certificate().toString(),
      "--tls-key", identity.key().toString(),
      "--tls-ca", authority.toString(),
      "--tls-verify-peer"
    };
    try (CommandRun server = Serving.start(folder, options)) {
      List<String> uris = server.awaitReady();
      assertThat(uris.get(0)).startsWith("nbds+unix:///backing?socket=");
      assertThat(uris.get(1)).startsWith("nbds://0.0.0.0:");
      int port = URI.create(uris.get(1)).getPort();
      String tcp = "nbds://localhost:" + port + "/?tls-certificates=" + keys;
      assertThat(nbdinfo.run(Serving.LIMIT, tcp).exitCode()).isNotZero();
      server.awaitError("TLS failed");
      Files.copy(own.certificate(), keys.resolve("client-cert.pem"));
      Files.copy(own.key(), keys.resolve("client-key.pem"));
      nbdinfo.run(Serving.LIMIT, tcp).expectSuccess();
      nbdinfo.run(Serving.LIMIT, uris.get(0) + "&tls-certificates=" + keys).expectSuccess();
      String plain = tcp.replace("nbds:", "nbd:");
      assertThat(nbdinfo.run(Serving.LIMIT, plain).exitCode()).isNotZero();
      Serving.stop(server);
      assertThat(server.errors()).doesNotContain("TCP is neither");
    }
    Files.setPosixFilePermissions(identity.key(), PosixFilePermissions.fromString("rw-r--r--"));
    try (CommandRun server = Serving.start(folder, options)) {
      assertThat(server.exitCode()).isEqualTo(1);
      assertThat(server.errors()).contains("others may read or write this key").hasLineCount(1);
    }
  }
}
