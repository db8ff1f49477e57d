package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import example.FirstBlock;
import example.RamDisk;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.device.Blocking;
import writeboost.device.MemoryDevice;

/** The module's README shows programs that compile and run. */
@Timeout(60)
class ReadmeTest {

  @ParameterizedTest
  @ValueSource(strings = {"RamDisk", "FirstBlock"})
  void itShowsTheExamplesAsTheyAre(String name) throws IOException {
    String example = Files.readString(Path.of("src/test/java/example/" + name + ".java"));
    assertThat(Files.readString(Path.of("README.md"))).contains("```java\n" + example + "```");
    assertThat(example.lines().filter(line -> !line.isBlank())).hasSizeLessThan(25);
  }

  @Test
  void theClientReads() throws Exception {
    byte[] pattern = new byte[4096];
    new Random(1).nextBytes(pattern);
    try (MemoryDevice disk = new MemoryDevice(1 << 20);
        NbdServer server = NbdServer.start(ServerOptions.DEFAULTS)) {
      new Blocking(disk, "disk").write(0, MemorySegment.ofArray(pattern));
      server.export(disk, new Export("ram", "", false));
      int port =
          ((InetSocketAddress)
                  server.listen(new InetSocketAddress("localhost", 0)).getLocalAddress())
              .getPort();
      assertThat(FirstBlock.read("nbd://localhost:" + port + "/ram")).isEqualTo(pattern);
    }
  }

  @Test
  void theExampleServes() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    FutureTask<Void> main =
        new FutureTask<>(
            () -> {
              RamDisk.main(new String[] {String.valueOf(port)});
              return null;
            });
    Thread thread = Thread.ofPlatform().start(main);
    try (RawClient client = connect(port, main)) {
      assertThat(client.readBack(0, 512)).containsOnly(0);
    } finally {
      thread.interrupt();
      thread.join();
    }
  }

  private static RawClient connect(int port, FutureTask<Void> main) throws Exception {
    while (true) {
      try {
        return RawClient.ready(new InetSocketAddress("localhost", port));
      } catch (ConnectException e) {
        if (main.isDone()) {
          main.get();
        }
        Thread.onSpinWait();
      }
    }
  }
}
