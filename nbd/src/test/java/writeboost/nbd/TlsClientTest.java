package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static writeboost.nbd.TransmissionTest.filled;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client over TLS: what it takes, and what it must not take. */
@Timeout(60)
class TlsClientTest {

  @TempDir static Path folder;
  private static Certificates certificates;
  private static Certificates.Identity server;
  private static Certificates.Identity own;
  private static Path authority;

  @BeforeAll
  static void make() throws Exception {
    certificates = new Certificates(folder);
    server = certificates.server("server");
    own = certificates.client("client");
    authority = certificates.authority.certificate();
  }

  private static Served served(Tls tls) throws Exception {
    return new Served(ServerOptions.DEFAULTS.withTls(tls));
  }

  private static NbdDevice connect(String uri, Tls tls) throws Exception {
    return NbdDevice.connect(NbdAddress.parse(uri), ClientOptions.DEFAULTS.withTls(tls));
  }

  private static String unix(Served served) {
    return "nbds+unix:///disk?socket=" + served.address.getPath();
  }

  private static void works(NbdDevice device) throws Exception {
    Calls calls = new Calls(device);
    byte[] data = filled(1 << 20, 7);
    calls.write(4096, data).succeed();
    assertThat(calls.read(4096, data.length).succeed().data()).isEqualTo(data);
  }

  @Test
  void bothProveThemselves() throws Exception {
    Tls mine = Tls.client(authority, own.certificate(), own.key());
    try (Served served = served(Tls.server(server.certificate(), server.key(), authority))) {
      try (NbdDevice device = connect(unix(served), mine)) {
        works(device);
      }
      int port = served.listenTcp().getPort();
      try (NbdDevice device = connect("nbds://127.0.0.1:" + port + "/disk", mine)) {
        works(device);
      }
      refused(unix(served), Tls.client(authority), "the server wants to see a certificate");
    }
  }

  @Test
  void theServerMustBeWhoItIsSaidToBe() throws Exception {
    try (Served served = served(Tls.server(server.certificate(), server.key()))) {
      Tls mine = Tls.client(authority);
      refused(unix(served) + "&tls-hostname=other.example", mine, "is not for other.example;");
      refused(unix(served) + "&tls-hostname=127.0.0.2", mine, "is not for 127.0.0.2;");
      connect(unix(served) + "&tls-hostname=127.0.0.1", mine).close();
      Certificates.Identity foreign = certificates.authority("foreign");
      refused(unix(served), Tls.client(foreign.certificate()), "no authority that is trusted");
      refused(unix(served), null, "no authority that is trusted"); // nobody whom Java trusts
      refused("nbd+unix:///disk?socket=" + served.address.getPath(), mine, "wants TLS");
    }
    Certificates.Identity expired = certificates.expired("expired");
    try (Served served = served(Tls.server(expired.certificate(), expired.key()))) {
      refused(unix(served), Tls.client(authority), "has expired on 20");
    }
  }

  /** Whoever claims that: it could be somebody in between. */
  @Test
  void aServerWithoutTlsIsNoServer() throws Exception {
    try (Served served = new Served()) {
      refused(unix(served), Tls.client(authority), "offers no TLS");
    }
  }

  private static void refused(String uri, Tls tls, String why) {
    assertThatIOException()
        .isThrownBy(() -> connect(uri, tls).close())
        .withMessageStartingWith(uri)
        .withMessageContaining(why)
        .withMessageNotContaining("\n");
  }

  @Test
  void nbdkit() throws Exception {
    ExternalTool nbdkit = ExternalTool.find("nbdkit");
    Files.copy(authority, folder.resolve("ca-cert.pem"));
    Files.copy(server.certificate(), folder.resolve("server-cert.pem"));
    Files.copy(server.key(), folder.resolve("server-key.pem"));
    Path sockets = Files.createTempDirectory("nbd");
    Path socket = sockets.resolve("s");
    Process process =
        nbdkit.start(
            folder.resolve("log"),
            "--foreground",
            "--unix=" + socket,
            "--tls=require",
            "--tls-certificates=" + folder,
            "--tls-verify-peer",
            "memory",
            "8M");
    try {
      while (!Files.exists(socket)) {
        assertThat(process.waitFor(10, TimeUnit.MILLISECONDS)).as("nbdkit ended").isFalse();
      }
      Tls mine = Tls.client(authority, own.certificate(), own.key());
      try (NbdDevice device = connect("nbds+unix:///?socket=" + socket, mine)) {
        works(device);
      }
    } finally {
      process.destroyForcibly().waitFor();
      Files.deleteIfExists(socket);
      Files.delete(sockets);
    }
  }
}
