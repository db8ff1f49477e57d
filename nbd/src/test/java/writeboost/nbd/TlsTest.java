package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static writeboost.nbd.TransmissionTest.filled;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server's side of TLS, against the JDK's client and against those who break the rules. */
@Timeout(60)
class TlsTest {

  @TempDir static Path folder;
  private static Certificates certificates;
  private static Tls tls;
  private static Tls verifying;

  @BeforeAll
  static void make() throws Exception {
    certificates = new Certificates(folder);
    Certificates.Identity server = certificates.server("server");
    tls = Tls.server(server.certificate(), server.key());
    verifying =
        Tls.server(server.certificate(), server.key(), certificates.authority.certificate());
  }

  private static Served served(Tls wanted) throws IOException {
    return new Served(ServerOptions.DEFAULTS.withTls(wanted));
  }

  private static RawClient greeted(Served served) throws IOException {
    RawClient client = new RawClient(served.listenTcp());
    client.greet(Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES);
    return client;
  }

  private static void go(RawClient client) throws IOException {
    client.send(RawClient.option(Protocol.OPT_GO, RawClient.nameAndItems("disk")));
    client.optionsUntilAck();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void bothVersionsCarryEverything(String version) throws Exception {
    try (Served served = served(tls);
        RawClient client = greeted(served)) {
      client.startTls(certificates.trusting(), version);
      go(client);
      byte[] large = filled(3_000_000 & -512, 5);
      assertThat(client.errorOf(RawClient.write(1, 512, large))).isZero();
      assertThat(client.readBack(512, large.length)).isEqualTo(large);
      assertThat(client.readBack(1024, 512)).isEqualTo(Arrays.copyOfRange(large, 512, 1024));
      client.send(RawClient.disconnect());
      client.expectEnd(); // the JDK throws where there was no close_notify
    }
  }

  /** More than the socket holds, in both directions at once: neither may wait for the other. */
  @Test
  void readsWhileItWrites() throws Exception {
    try (Served served = served(tls);
        RawClient client = greeted(served)) {
      client.startTls(certificates.trusting());
      go(client);
      byte[] data = filled(1 << 20, 9);
      Thread sending =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      for (int i = 0; i < 40; i++) {
                        client.send(RawClient.write(i, 0, data), RawClient.read(100 + i, 0, 1));
                        client.send(RawClient.read(200 + i, 0, data.length));
                      }
                    } catch (IOException e) {
                      throw new IllegalStateException(e);
                    }
                  });
      for (int i = 0; i < 120; i++) {
        RawClient.Reply reply = client.reply();
        client.payload(reply.cookie() < 100 || reply.error() != 0 ? 0 : sizeOf(reply, data));
      }
      sending.join();
    }
  }

  private static int sizeOf(RawClient.Reply reply, byte[] data) {
    return reply.cookie() < 200 ? 1 : data.length;
  }

  @Test
  void nothingElseIsAnsweredBefore() throws Exception {
    try (Served served = served(tls);
        RawClient client = greeted(served)) {
      for (int option : new int[] {3, 6, 7, 8, 9, 10, 11, 4711}) {
        client.send(RawClient.option(option, new byte[option == 4711 ? 100_000 : 0]));
        assertThat(client.optionReply().type()).isEqualTo(Protocol.REP_ERR_TLS_REQD);
      }
      client.send(RawClient.option(Protocol.OPT_STARTTLS, new byte[1]));
      assertThat(client.optionReply().type()).isEqualTo(Protocol.REP_ERR_INVALID);
      client.send(RawClient.option(Protocol.OPT_ABORT, new byte[0]));
      assertThat(client.optionReply().type()).isEqualTo(Protocol.REP_ACK);
      client.expectEnd();
    }
    try (Served served = served(tls);
        RawClient client = greeted(served)) {
      client.send(RawClient.option(Protocol.OPT_EXPORT_NAME, new byte[0]));
      client.expectEnd();
    }
  }

  @Test
  void nothingFromBeforeSurvives() throws Exception {
    try (Served served = served(tls);
        RawClient client = greeted(served)) {
      client.send(RawClient.option(Protocol.OPT_STRUCTURED_REPLY, new byte[0]));
      client.optionReply();
      client.send(
          RawClient.option(
              Protocol.OPT_SET_META_CONTEXT, RawClient.nameAndQueries("", "base:allocation")));
      client.optionReply();
      client.startTls(certificates.trusting());
      client.send(
          RawClient.option(
              Protocol.OPT_SET_META_CONTEXT, RawClient.nameAndQueries("", "base:allocation")));
      assertThat(client.optionReply().type()).isEqualTo(Protocol.REP_ERR_INVALID);
      client.send(RawClient.option(Protocol.OPT_STARTTLS, new byte[0]));
      assertThat(client.optionReply().type()).isEqualTo(Protocol.REP_ERR_INVALID);
      go(client);
      assertThat(client.readBack(0, 512)).containsOnly(0); // simple replies
    }
  }

  @Test
  void whatIsInjectedBehindTheOptionIsNotRead() throws Exception {
    byte[] option = RawClient.option(Protocol.OPT_STARTTLS, new byte[0]);
    byte[] list = RawClient.option(Protocol.OPT_LIST, new byte[0]);
    try (CollectedLog log = new CollectedLog();
        Served served = served(tls);
        RawClient client = greeted(served)) {
      client.send(TransmissionTest.join(new byte[][] {option, list}));
      client.expectEnd();
      assertThat(log.await()).singleElement().asString().contains("not inside TLS");
    }
  }

  @Test
  void whatIsInjectedBehindTheAnswerEndsIt() throws Exception {
    try (CollectedLog log = new CollectedLog();
        Served served = served(tls);
        RawClient client = greeted(served)) {
      client.send(RawClient.option(Protocol.OPT_STARTTLS, new byte[0]));
      assertThat(client.optionReply().type()).isEqualTo(Protocol.REP_ACK);
      client.send(RawClient.option(Protocol.OPT_LIST, new byte[0]));
      expectAlert(client);
      client.socket.close();
      assertThat(log.await()).singleElement().asString().contains("TLS failed");
    }
  }

  /** RFC 5246, 7.2: a fatal alert and nothing else. */
  private static int expectAlert(RawClient client) throws IOException {
    byte[] alert = client.payload(7);
    assertThat(alert).startsWith(21, 3, 3, 0, 2, 2);
    client.expectEnd();
    return alert[6];
  }

  @Test
  void olderVersionsAreRefused() throws Exception {
    byte[] hello = new byte[9 + 2 + 32 + 1 + 4 + 2];
    hello[0] = 22; // a record of TLS 1.0, with a handshake message: ClientHello of TLS 1.1
    hello[1] = 3;
    hello[2] = 1;
    hello[4] = (byte) (hello.length - 5);
    hello[5] = 1;
    hello[8] = (byte) (hello.length - 9);
    hello[9] = 3;
    hello[10] = 2;
    hello[45] = 2; // bytes of cipher suites: TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
    hello[46] = (byte) 0xc0;
    hello[47] = 9;
    hello[48] = 1; // compression methods: none
    try (CollectedLog log = new CollectedLog();
        Served served = served(tls);
        RawClient client = greeted(served)) {
      client.send(RawClient.option(Protocol.OPT_STARTTLS, new byte[0]));
      assertThat(client.optionReply().type()).isEqualTo(Protocol.REP_ACK);
      client.send(hello);
      assertThat(expectAlert(client)).as("protocol_version").isEqualTo(70);
      client.socket.close();
      assertThat(log.await()).singleElement().asString().contains("TLS failed");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void halfAHandshakeIsNotWaitedFor(int bytes) throws Exception {
    ServerOptions options =
        ServerOptions.DEFAULTS.withTls(tls).withHandshakeTimeout(Duration.ofMillis(300));
    try (CollectedLog log = new CollectedLog();
        Served served = new Served(options);
        RawClient client = greeted(served)) {
      client.send(RawClient.option(Protocol.OPT_STARTTLS, new byte[0]));
      assertThat(client.optionReply().type()).isEqualTo(Protocol.REP_ACK);
      client.send(Arrays.copyOf(new byte[] {22, 3, 1}, bytes));
      client.expectEnd();
      assertThat(log.await()).singleElement().asString().contains("too long");
    }
  }

  @Test
  void clientsWithACertificateAreTakenAndOthersNot() throws Exception {
    try (Served served = served(verifying);
        RawClient client = greeted(served)) {
      client.startTls(certificates.trusting(certificates.client("client")));
      go(client);
      assertThat(client.readBack(0, 512)).containsOnly(0);
    }
    refused(certificates.trusting(), "has shown no certificate");
    refused(certificates.trusting(certificates.expired("expired")), "has expired");
    Certificates.Identity other = certificates.authority("other");
    refused(
        certificates.trusting(certificates.signed("foreign", other, "DNS:foreign")),
        "has shown no certificate");
  }

  private static void refused(SSLContext context, String why) throws Exception {
    try (CollectedLog log = new CollectedLog();
        Served served = served(verifying);
        RawClient client = greeted(served)) {
      assertThatThrownBy(
              () -> {
                client.startTls(context);
                go(client);
              })
          .isInstanceOf(SSLException.class)
          .hasMessageContaining("alert"); // told, not cut off
      assertThat(log.await()).singleElement().asString().contains("TLS failed", why);
    }
  }

  /** It keeps its memory only while nobody needs it, as without TLS. */
  @Test
  void whoTakesNoRepliesIsCutOff() throws Exception {
    int large = 24 << 20;
    ServerOptions options =
        ServerOptions.DEFAULTS
            .withTls(tls)
            .withBytesInFlight(Protocol.MAX_PAYLOAD, Protocol.MAX_PAYLOAD)
            .withStallTimeout(Duration.ofMillis(100));
    try (CollectedLog log = new CollectedLog();
        Served served = new Served(options);
        RawClient stalled = greeted(served);
        RawClient other = greeted(served)) {
      for (RawClient client : List.of(stalled, other)) {
        client.startTls(certificates.trusting());
        go(client);
      }
      stalled.send(RawClient.read(1, 0, large));
      assertThat(served.server.clients()).allMatch(ClientStatus::encrypted);
      while (served.server.clients().stream().noneMatch(client -> client.bytesHeld() >= large)) {
        Thread.onSpinWait();
      }
      other.send(RawClient.read(1, 0, large));
      assertThat(log.await()).first().asString().contains("neither sends nor takes");
    }
  }

  @Test
  void aStoppingServerSaysGoodBye() throws Exception {
    Served served = served(tls);
    try (RawClient client = greeted(served)) {
      client.startTls(certificates.trusting());
      go(client);
      served.close();
      client.expectEnd();
    }
  }
}
