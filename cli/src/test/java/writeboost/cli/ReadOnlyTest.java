package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code --read-only} changes neither device, whatever state they are in. */
@Timeout(120)
final class ReadOnlyTest {

  @TempDir private Path temporary;
  private Path folder;

  @BeforeEach
  void makeFolder() throws Exception {
    folder = Files.createDirectory(temporary.resolve("run"));
  }

  @Test
  void afterACleanStop() throws Exception {
    try (CommandRun server = Serving.start(folder)) {
      String uri = server.awaitReady().getFirst();
      Serving.client(uri, "h.pwrite(b'a' * 4096, 8192)");
      Serving.stop(server);
    }
    assertReadsAndChangesNothing();
  }

  @Test
  void afterACrashWithATornTail() throws Exception {
    try (CommandRun server = Serving.start(folder)) {
      String uri = server.awaitReady().getFirst();
      Serving.client(uri, "h.pwrite(b'a' * 4096, 8192)", "h.flush()");
      Serving.client(uri, "h.pwrite(b'b' * 65536, 1048576)", "h.flush()");
    } // killed
    Files.delete(folder.resolve("s")); // would be taken over
    tear((byte) 'b');
    assertReadsAndChangesNothing();
  }

  @Test
  void nothingIsWrittenBackEvenIfAsked() throws Exception {
    try (CommandRun server = Serving.start(folder, "--set", "allow_migrate=0")) {
      Serving.client(server.awaitReady().getFirst(), "h.pwrite(b'a' * 4096, 8192)");
      Serving.stop(server);
    }
    Map<String, String> before = FolderState.of(folder);
    Path control = temporary.resolve("control");
    try (CommandRun server = Serving.start(folder, "--read-only", "--control", "../control")) {
      String uri = server.awaitReady().getFirst();
      for (String command : List.of("drain", "message drop_caches", "stop --drain")) {
        try (CommandRun asked =
            new CommandRun(folder, (command + " --control " + control).split(" "))) {
          assertThat(asked.exitCode()).as(command).isEqualTo(1);
          assertThat(asked.errors())
              .contains("it is served read-only, so nothing can be written back (4096 bytes in the")
              .hasLineCount(1);
        }
      }
      Serving.client(uri, "assert h.pread(4096, 8192) == b'a' * 4096");
      Serving.stop(server);
    }
    assertThat(FolderState.of(folder)).isEqualTo(before);
  }

  /** Zeroes over the second half of the last run of {@code value} in the cache. */
  private void tear(byte value) throws Exception {
    Path cache = folder.resolve("cache");
    byte[] bytes = Files.readAllBytes(cache);
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] != value) {
      end--;
    }
    assertThat(end).as("where the log ends").isGreaterThan(32768);
    try (RandomAccessFile file = new RandomAccessFile(cache.toFile(), "rw")) {
      file.seek(end - 32768);
      file.write(new byte[32768]);
    }
  }

  private void assertReadsAndChangesNothing() throws Exception {
    Map<String, String> before = FolderState.of(folder);
    try (CommandRun server = Serving.start(folder, "--read-only")) {
      String uri = server.awaitReady().getFirst();
      Serving.client(
          uri,
          "assert h.is_read_only()",
          "assert h.pread(4096, 8192) == b'a' * 4096",
          "h.pread(1048576, 1048576)");
      Serving.stop(server);
    }
    assertThat(FolderState.of(folder)).isEqualTo(before);
  }
}
