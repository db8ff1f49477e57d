package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.MemoryDevice;

@Timeout(20)
class HandshakeTest {

  private static final int ALL_FLAGS = 0b1101_0110_1101;

  private Served served;
  private RawClient client;

  @BeforeEach
  void connect() throws IOException {
    served = new Served();
    client = new RawClient(served.address);
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.close();
  }

  @Test
  void exportNameGivesSizeFlagsAndZeroes() throws IOException {
    client.greet(Protocol.FLAG_FIXED_NEWSTYLE);
    client.send(option(Protocol.OPT_EXPORT_NAME, "disk"));
    expectSizeAndFlags(ByteBuffer.wrap(client.payload(10)));
    assertThat(client.payload(124)).containsOnly(0);
    assertThat(client.readBack(0, 512)).containsOnly(0);
  }

  @Test
  void noZeroesIfBothSaySo() throws IOException {
    client.greet(Protocol.FLAG_FIXED_NEWSTYLE | Protocol.FLAG_NO_ZEROES);
    client.send(option(Protocol.OPT_EXPORT_NAME, ""));
    expectSizeAndFlags(ByteBuffer.wrap(client.payload(10)));
    assertThat(client.readBack(0, 512)).containsOnly(0);
  }

  @Test
  void unknownNameOverExportNameEndsIt() throws IOException {
    client.greet(3);
    client.send(option(Protocol.OPT_EXPORT_NAME, "other\u001b[31m"));
    client.expectEnd();
  }

  @Test
  void goTellsWhatWasAskedAndGoes() throws IOException {
    client.greet(3);
    client.send(
        RawClient.option(Protocol.OPT_GO, RawClient.nameAndItems("disk", 3, 1, 2, 3, 77, 0)));
    expectSizeAndFlags(info(Protocol.OPT_GO, Protocol.INFO_EXPORT));
    ByteBuffer sizes = info(Protocol.OPT_GO, Protocol.INFO_BLOCK_SIZE);
    assertThat(sizes.getInt()).isEqualTo(512);
    assertThat(sizes.getInt()).isEqualTo(4096);
    assertThat(sizes.getInt()).isEqualTo(32 << 20);
    assertThat(text(info(Protocol.OPT_GO, Protocol.INFO_NAME))).isEqualTo("disk");
    assertThat(text(info(Protocol.OPT_GO, Protocol.INFO_DESCRIPTION))).isEqualTo("a disk in RAM");
    expect(Protocol.OPT_GO, Protocol.REP_ACK);
    assertThat(client.readBack(0, 512)).containsOnly(0);
  }

  @Test
  void infoStaysInTheHandshake() throws IOException {
    client.greet(3);
    client.send(RawClient.option(Protocol.OPT_INFO, RawClient.nameAndItems("")));
    expectSizeAndFlags(info(Protocol.OPT_INFO, Protocol.INFO_EXPORT));
    expect(Protocol.OPT_INFO, Protocol.REP_ACK);
    client.send(RawClient.option(Protocol.OPT_GO, RawClient.nameAndItems("no such")));
    expect(Protocol.OPT_GO, Protocol.REP_ERR_UNKNOWN);
    goes();
  }

  @Test
  void listNamesTheExport() throws IOException {
    client.greet(3);
    client.send(option(Protocol.OPT_LIST, ""));
    RawClient.OptionReply entry = client.optionReply();
    assertThat(entry.type()).isEqualTo(Protocol.REP_SERVER);
    assertThat(entry.buffer().getInt()).isEqualTo(4);
    assertThat(text(entry.buffer().position(4))).isEqualTo("diska disk in RAM");
    expect(Protocol.OPT_LIST, Protocol.REP_ACK);
    client.send(option(Protocol.OPT_LIST, "not empty"));
    expect(Protocol.OPT_LIST, Protocol.REP_ERR_INVALID);
    goes();
  }

  @Test
  void abortIsAcknowledged() throws IOException {
    client.greet(3);
    client.send(option(Protocol.OPT_ABORT, ""));
    expect(Protocol.OPT_ABORT, Protocol.REP_ACK);
    client.expectEnd();
  }

  @Test
  void whatWeDoNotKnowIsSkipped() throws IOException {
    client.greet(3);
    for (int option : new int[] {5, 11, 0, -1, 4711}) {
      client.send(RawClient.option(option, new byte[option == 4711 ? 1 << 20 : 7]));
      expect(option, Protocol.REP_ERR_UNSUP);
    }
    client.send(RawClient.option(Protocol.OPT_GO, new byte[300_000]));
    expect(Protocol.OPT_GO, Protocol.REP_ERR_TOO_BIG);
    goes();
  }

  @Test
  void malformedInfoIsInvalid() throws IOException {
    client.greet(3);
    byte[][] malformed = {
      {},
      {0, 0, 0, 0, 0},
      {-1, -1, -1, -1, 0, 0},
      {0, 0, 0, 2, 'a', 'b'},
      {0, 0, 0, 0, 0, 1},
      {0, 0, 0, 0, 0, 1, 0, 0, 0},
      {0, 0, 0, 0, -1, -1, 0, 3},
    };
    for (byte[] data : malformed) {
      client.send(RawClient.option(Protocol.OPT_INFO, data));
      expect(Protocol.OPT_INFO, Protocol.REP_ERR_INVALID);
    }
    goes();
  }

  @Test
  void longNamesAreOnlyUnknown() throws IOException {
    client.greet(3);
    client.send(
        RawClient.option(Protocol.OPT_INFO, RawClient.nameAndItems("n".repeat(4096), 0, 1, 2, 3)));
    expect(Protocol.OPT_INFO, Protocol.REP_ERR_UNKNOWN);
    goes();
  }

  @Test
  void unknownClientFlagsEndIt() throws IOException {
    client.greet(4);
    client.expectEnd();
  }

  @Test
  void somethingElseThanAnOptionEndsIt() throws IOException {
    client.greet(3);
    client.send("GET / HTTP/1.1\r\nHost: nbd\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    client.expectEnd();
  }

  @Test
  void transmissionMayBePipelinedBehindGo() throws IOException {
    client.greet(3);
    byte[] go = RawClient.option(Protocol.OPT_GO, RawClient.nameAndItems(""));
    byte[] write = RawClient.write(7, 4096, new byte[4096]);
    client.send(ByteBuffer.allocate(go.length + write.length).put(go).put(write).array());
    info(Protocol.OPT_GO, Protocol.INFO_EXPORT);
    expect(Protocol.OPT_GO, Protocol.REP_ACK);
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 7));
  }

  @Test
  void theTimeOutIsForTheHandshake() throws IOException {
    ServerOptions options = ServerOptions.DEFAULTS.withHandshakeTimeout(Duration.ofSeconds(1));
    try (Served impatient = new Served(options);
        RawClient quick = impatient.client();
        RawClient stalled = new RawClient(impatient.address);
        RawClient silent = new RawClient(impatient.address)) {
      stalled.greet(3);
      stalled.send(new byte[] {'I', 'H'});
      stalled.expectEnd();
      silent.payload(Protocol.GREETING_BYTES);
      silent.expectEnd();
      assertThat(quick.readBack(0, 512)).containsOnly(0); // though its second is over, too
    }
  }

  @Test
  void connectionsAreBounded() throws IOException {
    try (Served small = new Served(ServerOptions.DEFAULTS.withMaxConnections(1));
        RawClient first = small.client()) {
      try (RawClient second = new RawClient(small.address)) {
        second.expectEnd();
      }
      assertThat(first.readBack(0, 512)).containsOnly(0);
    }
  }

  @Test
  void aReadOnlyExportSaysSo() throws IOException {
    Export export = new Export("disk", "", true);
    try (Served readOnly =
            new Served(new MemoryDevice(Served.SIZE), export, ServerOptions.DEFAULTS);
        RawClient reader = new RawClient(readOnly.address)) {
      reader.greet(3);
      reader.send(option(Protocol.OPT_EXPORT_NAME, ""));
      int flags = ByteBuffer.wrap(reader.payload(10)).getShort(8);
      assertThat(flags).isEqualTo(0b101_0000_1111);
    }
  }

  private static byte[] option(int option, String data) {
    return RawClient.option(option, data.getBytes(StandardCharsets.UTF_8));
  }

  private void goes() throws IOException {
    client.send(RawClient.option(Protocol.OPT_GO, RawClient.nameAndItems("")));
    expectSizeAndFlags(info(Protocol.OPT_GO, Protocol.INFO_EXPORT));
    expect(Protocol.OPT_GO, Protocol.REP_ACK);
    assertThat(client.readBack(0, 512)).containsOnly(0);
  }

  private void expect(int option, int type) throws IOException {
    RawClient.OptionReply reply = client.optionReply();
    assertThat(reply.option()).isEqualTo(option);
    assertThat(Integer.toHexString(reply.type())).isEqualTo(Integer.toHexString(type));
    assertThat(reply.data()).isEmpty();
  }

  private ByteBuffer info(int option, int item) throws IOException {
    RawClient.OptionReply reply = client.optionReply();
    assertThat(reply.option()).isEqualTo(option);
    assertThat(reply.type()).isEqualTo(Protocol.REP_INFO);
    ByteBuffer data = reply.buffer();
    assertThat(data.getShort()).isEqualTo((short) item);
    return data;
  }

  private static void expectSizeAndFlags(ByteBuffer data) {
    assertThat(data.getLong()).isEqualTo(Served.SIZE);
    assertThat(data.getShort()).isEqualTo((short) ALL_FLAGS);
  }

  private static String text(ByteBuffer data) {
    return StandardCharsets.UTF_8.decode(data).toString();
  }
}
