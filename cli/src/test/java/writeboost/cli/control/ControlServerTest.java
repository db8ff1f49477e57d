package writeboost.cli.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import writeboost.cli.json.Json;
import writeboost.cli.json.JsonObject;
import writeboost.device.Posix;

/** What a control socket takes, and that nobody can spoil it for others. */
@Timeout(60)
final class ControlServerTest {

  private static final Duration SHORT = Duration.ofMillis(300);

  private Path path;
  private ServerSocketChannel listener;
  private final List<SocketChannel> sockets = new ArrayList<>();
  private final CountDownLatch release = new CountDownLatch(1);
  private final CountDownLatch clientGone = new CountDownLatch(1);

  @BeforeEach
  void listen() throws IOException {
    path = Files.createTempDirectory("wb").resolve("s");
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(path), 128);
  }

  @AfterEach
  void close() throws IOException {
    release.countDown();
    for (SocketChannel socket : sockets) {
      socket.close();
    }
    listener.close();
    Files.delete(path);
    Files.delete(path.getParent());
  }

  private void serve(Duration patience) throws IOException {
    ControlServer.start(listener, Posix.effectiveUser(), this::handle, patience);
  }

  private void handle(ControlRequest request, Answer answer) throws RefusedException, IOException {
    switch (request.command()) {
      case "echo" -> {
        request.allow(Set.of("text"));
        String text = request.text("text");
        answer.done(json -> json.writeStringProperty("text", text));
      }
      case "three" -> {
        for (int i = 1; i <= 3; i++) {
          int number = i;
          answer.progress(json -> json.writeNumberProperty("number", number));
        }
        answer.done();
      }
      case "wait" -> {
        try {
          assertThat(release.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
        answer.done();
      }
      case "flood" -> {
        String much = "x".repeat(100_000);
        try {
          for (int i = 0; i < 1000; i++) {
            answer.progress(json -> json.writeStringProperty("much", much));
          }
        } catch (IOException e) {
          clientGone.countDown();
          throw e;
        }
        answer.done();
      }
      case "break" -> throw new IllegalStateException("broken");
      default -> throw new RefusedException("no command " + request.command());
    }
  }

  private SocketChannel connect() throws IOException {
    SocketChannel socket = SocketChannel.open(UnixDomainSocketAddress.of(path));
    sockets.add(socket);
    return socket;
  }

  private static void send(SocketChannel socket, String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      socket.write(bytes);
    }
  }

  private static String rest(SocketChannel socket) throws IOException {
    return new String(Channels.newInputStream(socket).readAllBytes(), StandardCharsets.UTF_8);
  }

  private void assertServes() throws Exception {
    try (ControlClient client = ControlClient.connect(path)) {
      ControlRequest request = ControlRequest.of("echo", Map.of("text", "a\nb\"\u00e4"));
      assertThat(client.ask(request, progress -> {}).text("text")).isEqualTo("a\nb\"\u00e4");
    }
  }

  @Test
  void aConnectionTakesOneRequestAfterAnother() throws Exception {
    serve(ControlServer.PATIENCE);
    try (ControlClient client = ControlClient.connect(path)) {
      List<Long> numbers = new ArrayList<>();
      client.ask(ControlRequest.of("three"), progress -> numbers.add(progress.number("number")));
      assertThat(numbers).containsExactly(1L, 2L, 3L);
      assertThatThrownBy(() -> client.ask(ControlRequest.of("bogus"), progress -> {}))
          .isInstanceOf(RefusedException.class)
          .hasMessage("no command bogus");
      ControlRequest echo = ControlRequest.of("echo", Map.of("text", "still there"));
      assertThat(client.ask(echo, progress -> {}).text("text")).isEqualTo("still there");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                                        | not a JSON object
          status                                    | not a JSON object
          []                                        | not a JSON object
          {}                                        | needs a string "command"
          {"command":1}                             | needs a string "command"
          {"command":"echo"}                        | needs a string "text"
          {"command":"echo","text":1}               | needs a string "text"
          {"command":"echo","text":"a","more":true} | echo takes no "more"
          {"command":"echo"}{"command":"echo"}      | more than one
          {"command":"echo","command":"wait"}       | Duplicate
          {"command":"nothing"}                     | no command nothing
          {"command":"x","y":9999999999999999999}   | a number in it is too large
          {"command":"x","y":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]} | nested deeper than 16
          {"command":{"command":"echo"}}            | needs a string "command"
          """)
  void whatMakesNoSenseIsRefusedAndTheConnectionGoesOn(String line, String why) throws Exception {
    serve(ControlServer.PATIENCE);
    SocketChannel socket = connect();
    Lines lines = new Lines(socket, 1 << 20);
    lines.write(line);
    JsonObject answer = Json.read(String.valueOf(lines.read()));
    assertThat(answer.isTrue("ok")).isFalse();
    assertThat(answer.text("error")).contains(why);
    lines.write("{\"command\":\"echo\",\"text\":\"on\"}");
    assertThat(Json.read(String.valueOf(lines.read())).text("text")).isEqualTo("on");
  }

  @Test
  void aLineThatIsTooLongIsRefusedAndTheConnectionClosed() throws Exception {
    serve(ControlServer.PATIENCE);
    SocketChannel socket = connect();
    send(socket, "x".repeat(ControlRequest.LENGTH_MAX));
    assertThat(rest(socket)).contains("\"ok\":false").contains("longer than 4096 bytes");
    assertServes();
  }

  @Test
  void aFaultInACommandIsToldAndHarmsNobody() throws Exception {
    serve(ControlServer.PATIENCE);
    SocketChannel socket = connect();
    send(socket, "{\"command\":\"break\"}\n");
    assertThat(rest(socket)).contains("broken");
    assertServes();
  }

  @Test
  void whoIsSlowToAskIsCutOff() throws Exception {
    serve(SHORT);
    SocketChannel silent = connect();
    SocketChannel half = connect();
    send(half, "{\"command\":\"echo\"");
    assertThat(rest(silent)).isEmpty();
    assertThat(rest(half)).isEmpty();
    assertServes();
  }

  @Test
  void whoDoesNotReadIsCutOff() throws Exception {
    serve(SHORT);
    send(connect(), "{\"command\":\"flood\"}\n");
    assertThat(clientGone.await(30, TimeUnit.SECONDS)).isTrue();
    assertServes();
  }

  @Test
  void tooManyAtOnceAreToldSo() throws Exception {
    serve(ControlServer.PATIENCE);
    for (int i = 0; i < ControlServer.CLIENTS_MAX; i++) {
      send(connect(), "{\"command\":\"wait\"}\n");
    }
    for (int i = 0; i < 20; i++) {
      assertThat(rest(connect())).contains("too many control connections");
    }
    release.countDown();
    for (SocketChannel socket : sockets.subList(0, ControlServer.CLIENTS_MAX)) {
      assertThat(new Lines(socket, 4096).read()).isEqualTo("{\"ok\":true}");
    }
    sockets.getFirst().close();
    SocketChannel freed = sockets.get(1);
    freed.shutdownOutput();
    assertThat(freed.read(ByteBuffer.allocate(1))).isEqualTo(-1); // its place is free now, or soon
    assertServesInTime();
  }

  private void assertServesInTime() throws Exception {
    long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (true) {
      try {
        assertServes();
        return;
      } catch (RefusedException e) {
        assertThat(System.nanoTime()).isLessThan(endNs);
      }
    }
  }

  @Test
  void onlyTheUserAndRootAreWelcome() throws Exception {
    int nobody = 65_534;
    ControlServer.start(
        listener, nobody, this::handle, ControlServer.PATIENCE); // of whom we are not
    SocketChannel socket = connect();
    if (Posix.effectiveUser() == 0) {
      send(socket, "{\"command\":\"echo\",\"text\":\"root may\"}\n");
      assertThat(new Lines(socket, 4096).read()).contains("root may");
    } else {
      assertThat(rest(socket)).contains("only the server's own user and root");
    }
  }
}
