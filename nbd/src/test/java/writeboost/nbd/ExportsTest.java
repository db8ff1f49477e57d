package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.MemoryDevice;

/** Several devices in one server. */
@Timeout(30)
class ExportsTest {

  private final MemoryDevice first = new MemoryDevice(4096);
  private final MemoryDevice second = new MemoryDevice(8192);
  private final NbdServer server = NbdServer.start(ServerOptions.DEFAULTS);
  private SocketAddress address;

  @BeforeEach
  void listen() throws IOException {
    address = server.listen(new InetSocketAddress("localhost", 0)).getLocalAddress();
  }

  @AfterEach
  void close() {
    server.close();
  }

  private RawClient greeted() throws IOException {
    RawClient client = new RawClient(address);
    client.greet(3);
    return client;
  }

  private long sizeOf(String name) throws IOException {
    try (RawClient client = greeted()) {
      client.send(RawClient.option(Protocol.OPT_GO, RawClient.nameAndItems(name)));
      RawClient.OptionReply reply = client.optionReply();
      return reply.type() == Protocol.REP_INFO ? reply.buffer().getLong(2) : reply.type();
    }
  }

  @Test
  void withoutAnyEveryNameIsUnknown() throws IOException {
    assertThat(sizeOf("")).isEqualTo(Protocol.REP_ERR_UNKNOWN);
    assertThat(sizeOf("one")).isEqualTo(Protocol.REP_ERR_UNKNOWN);
  }

  @Test
  void eachIsReachedByItsNameAndTheFirstWithoutOne() throws IOException {
    server.export(first, new Export("one", "the first", false));
    server.export(second, new Export("two", "", true));
    assertThat(sizeOf("one")).isEqualTo(4096);
    assertThat(sizeOf("two")).isEqualTo(8192);
    assertThat(sizeOf("")).isEqualTo(4096);
    assertThat(sizeOf("three")).isEqualTo(Protocol.REP_ERR_UNKNOWN);
    try (RawClient client = greeted()) {
      client.send(RawClient.option(Protocol.OPT_LIST, new byte[0]));
      List<String> names = new ArrayList<>();
      for (RawClient.OptionReply reply : client.optionsUntilAck()) {
        int length = reply.buffer().getInt();
        names.add(new String(reply.data(), 4, length, StandardCharsets.UTF_8));
      }
      assertThat(names).containsExactly("one", "two");
    }
  }

  @Test
  void manyLongNamesCanBeListed() throws IOException {
    int count = 50;
    for (int i = 0; i < count; i++) {
      server.export(first, new Export(i + "x".repeat(4000), "y".repeat(4096), false));
    }
    try (RawClient client = greeted()) {
      client.send(RawClient.option(Protocol.OPT_LIST, new byte[0]));
      assertThat(client.optionsUntilAck()).hasSize(count);
    }
  }

  @Test
  void aNameIsUsedOnce() {
    server.export(first, new Export("one", "", false));
    assertThatThrownBy(() -> server.export(second, new Export("one", "", false)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("one");
  }

  @Test
  void whatIsWrittenToOneIsNotInTheOther() throws IOException {
    server.export(first, new Export("one", "", false));
    server.export(second, new Export("two", "", false));
    try (RawClient client = greeted()) {
      client.send(RawClient.option(Protocol.OPT_GO, RawClient.nameAndItems("two")));
      client.optionsUntilAck();
      assertThat(client.errorOf(RawClient.write(1, 0, TransmissionTest.filled(512, 1)))).isZero();
      assertThat(server.clients().getFirst().export()).isEqualTo("two");
      assertThat(server.clients().getFirst().encrypted()).isFalse();
    }
    try (RawClient client = RawClient.ready(address)) {
      assertThat(client.readBack(0, 512)).containsOnly(0);
    }
  }
}
