package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import example.RamDisk;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The module's README shows a program that compiles and runs. */
@Timeout(60)
class ReadmeTest {

  @Test
  void itShowsTheExampleAsItIs() throws IOException {
    String example = Files.readString(Path.of("src/test/java/example/RamDisk.java"));
    assertThat(Files.readString(Path.of("README.md"))).contains("```java\n" + example + "```");
    assertThat(example.lines().filter(line -> !line.isBlank())).hasSizeLessThan(25);
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
