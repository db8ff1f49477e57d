package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clients that people use, over TLS: GnuTLS (libnbd, qemu) and OpenSSL on the other side. */
@Timeout(120)
class TlsClientsTest {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path folder;
  private Certificates certificates;
  private Tls tls;
  private Served served;
  private int port;

  @BeforeEach
  void serve() throws Exception {
    certificates = new Certificates(folder);
    Certificates.Identity server = certificates.server("server");
    tls = Tls.server(server.certificate(), server.key(), certificates.authority.certificate());
    served = new Served(ServerOptions.DEFAULTS.withTls(tls));
    port = served.listenTcp().getPort();
    Certificates.Identity client = certificates.client("client");
    // The names that libnbd, qemu and nbdkit look for in a folder.
    Files.copy(certificates.authority.certificate(), folder.resolve("ca-cert.pem"));
    Files.copy(client.certificate(), folder.resolve("client-cert.pem"));
    Files.copy(client.key(), folder.resolve("client-key.pem"));
  }

  @AfterEach
  void close() throws IOException {
    served.close();
  }

  @Test
  void nbdinfoAndNbdcopy() throws Exception {
    String tcp = "nbds://localhost:" + port + "/disk?tls-certificates=" + folder;
    String unix =
        "nbds+unix:///disk?socket=" + served.address.getPath() + "&tls-certificates=" + folder;
    ExternalTool nbdinfo = ExternalTool.find("nbdinfo");
    assertThat(nbdinfo.run(LIMIT, "--json", tcp).expectSuccess().output())
        .contains("\"TLS\": true")
        .contains("\"structured\": true");
    ExternalTool nbdcopy = ExternalTool.find("nbdcopy");
    byte[] data = new byte[Served.SIZE];
    new Random(1).nextBytes(data);
    Path in = Files.write(folder.resolve("in"), data);
    Path out = folder.resolve("out");
    nbdcopy.run(LIMIT, in.toString(), tcp).expectSuccess();
    nbdcopy.run(LIMIT, unix, out.toString()).expectSuccess();
    assertThat(Files.mismatch(in, out)).isEqualTo(-1);
    assertThat(nbdinfo.run(LIMIT, "nbd://localhost:" + port).exitCode()).isNotZero();
  }

  @Test
  void qemu() throws Exception {
    String credentials = "tls-creds-x509,id=tls0,endpoint=client,dir=" + folder;
    String[] image = {
      "--object", credentials, "--image-opts",
    };
    String place = "driver=nbd,host=localhost,port=" + port + ",export=disk,tls-creds=tls0";
    List<String> io = new ArrayList<>(List.of(image));
    for (String command :
        List.of("write -P 7 1M 5M", "read -P 7 1M 5M", "write -z 2M 64k", "read -P 0 2M 64k")) {
      io.addAll(List.of("-c", command));
    }
    io.add(place);
    assertThat(run("qemu-io", io)).doesNotContain("failed");
    List<String> info = new ArrayList<>(List.of("info"));
    info.addAll(List.of(image));
    info.add(place);
    assertThat(run("qemu-img", info)).contains("virtual size: 64 MiB");
  }

  private static String run(String tool, List<String> arguments) throws Exception {
    return ExternalTool.find(tool)
        .run(LIMIT, arguments.toArray(new String[0]))
        .expectSuccess()
        .output();
  }

  /** TLS 1.3: the client's K command wants both sides to take new keys. */
  @Test
  void keysAreRenewedInBetween() throws Exception {
    try (ServerSocketChannel listener = ServerSocketChannel.open()) {
      Process client = connectWithOpenssl(listener, "-tls1_3");
      try (Wire wire = new Wire(listener.accept())) {
        wire.startTls(tls.serverEngine());
        ByteBuffer line = ByteBuffer.allocate(5);
        for (String command : List.of("", "K\n", "k\n", "")) {
          client.outputWriter().write(command);
          client.outputWriter().flush();
          if (!command.isEmpty()) {
            awaitText(client.getInputStream(), "KEYUPDATE");
          }
          client.outputWriter().write("line\n");
          client.outputWriter().flush();
          while (line.hasRemaining()) {
            assertThat(wire.read(line)).isPositive();
          }
          assertThat(line.array()).isEqualTo("line\n".getBytes(StandardCharsets.US_ASCII));
          wire.write(line.flip());
          line.clear();
        }
        wire.endOutput();
        String output = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(output).contains("closed");
      } finally {
        client.destroyForcibly();
      }
    }
  }

  private Process connectWithOpenssl(ServerSocketChannel listener, String version)
      throws IOException {
    listener.bind(new InetSocketAddress("localhost", 0));
    return ExternalTool.find("openssl")
        .startForInput(
            "s_client",
            version,
            "-connect",
            "localhost:" + ((InetSocketAddress) listener.getLocalAddress()).getPort(),
            "-cert",
            folder.resolve("client-cert.pem").toString(),
            "-key",
            folder.resolve("client-key.pem").toString());
  }

  /** TLS 1.2: it costs the server more than the client, and nobody needs it. */
  @Test
  void aSecondHandshakeIsRefused() throws Exception {
    try (ServerSocketChannel listener = ServerSocketChannel.open()) {
      Process client = connectWithOpenssl(listener, "-tls1_2");
      try (Wire wire = new Wire(listener.accept())) {
        wire.startTls(tls.serverEngine());
        client.outputWriter().write("R\n");
        client.outputWriter().flush();
        assertThatThrownBy(() -> wire.read(ByteBuffer.allocate(1)))
            .isInstanceOf(SSLException.class)
            .hasMessage("renegotiation is refused");
      } finally {
        client.destroyForcibly();
      }
    }
  }

  private static void awaitText(InputStream output, String text) throws IOException {
    StringBuilder seen = new StringBuilder();
    while (seen.indexOf(text) < 0) {
      int next = output.read();
      assertThat(next).as("after %s", seen).isNotNegative();
      seen.append((char) next);
    }
  }
}
