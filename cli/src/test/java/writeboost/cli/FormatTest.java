package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code writeboost format}: over what is empty, over anything else only by force. */
@Timeout(120)
final class FormatTest {

  private static final int FILE_BYTES = 8 << 20;

  @TempDir private Path temporary;
  private Path folder;

  @BeforeEach
  void makeFiles() throws Exception {
    folder = Files.createDirectory(temporary.resolve("run"));
    file("backing", FILE_BYTES);
    file("cache", FILE_BYTES);
  }

  @Test
  void aFormattedCacheBelongsToTheBackingDeviceItIsFirstServedWith() throws Exception {
    formats("cache", "--order", "7");
    refused(1, "belongs to no backing device yet", "serve", "backing", "cache", "7", "--read-only");
    serves("backing", "cache", "7");

    file("other", 2 * FILE_BYTES);
    refused(1, "belongs to a backing device of 8388608 bytes", "serve", "other", "cache", "7");
    refused(1, "order 7, not 8", "serve", "backing", "cache", "8");
    serves("backing", "cache", "7");
  }

  @Test
  void aNewBackingDeviceMayFollow() throws Exception {
    formats("cache", "--order", "7");
    serves("new", "cache", "7", "--backing-size", "16M");
  }

  @Test
  void layoutOf2013() throws Exception {
    formats("cache", "--layout", "v1", "--order", "10");
    refused(1, "--layout v1", "serve", "backing", "cache", "10");
    serves("backing", "cache", "10", "--layout", "v1");
  }

  @Test
  void whatHoldsSomethingIsFormattedOnlyByForce() throws Exception {
    formats("cache");
    refused(1, "holds a writeboost cache; with --force", "format", "cache");
    formats("cache", "--force", "--order", "5");
    serves("backing", "cache", "5");

    Files.write(folder.resolve("junk"), filled());
    refused(1, "not a writeboost cache", "format", "junk");
    formats("junk", "--force");
    serves("backing", "junk");
  }

  @Test
  void wrongArguments() throws Exception {
    refused(1, "no such file", "format", "nothing");
    refused(
        2, "--order must be 4 to 10 with layout v2, not 11", "format", "cache", "--order", "11");
    refused(2, "--layout v3", "format", "cache", "--layout", "v3");
    file("small", 4096);
    refused(1, "small", "format", "small");
  }

  private void file(String name, long bytes) throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
      file.setLength(bytes);
    }
  }

  private static byte[] filled() {
    byte[] bytes = new byte[FILE_BYTES];
    Arrays.fill(bytes, (byte) 1);
    return bytes;
  }

  private void formats(String... arguments) throws Exception {
    String[] command = prepend("format", arguments);
    try (CommandRun run = new CommandRun(folder, command)) {
      assertThat(run.exitCode()).as(run::errors).isZero();
      assertThat(run.errors()).contains("formatted");
    }
  }

  private void serves(String... arguments) throws Exception {
    try (CommandRun server = new CommandRun(folder, listening(prepend("serve", arguments)))) {
      server.awaitReady();
      Serving.stop(server);
    }
  }

  private void refused(int exitCode, String says, String... arguments) throws Exception {
    Map<String, String> before = FolderState.of(folder);
    String[] command = arguments[0].equals("serve") ? listening(arguments) : arguments;
    try (CommandRun run = new CommandRun(folder, command)) {
      assertThat(run.exitCode()).as(run::errors).isEqualTo(exitCode);
      assertThat(run.errors().lines()).singleElement().asString().contains(says);
    }
    assertThat(FolderState.of(folder)).isEqualTo(before);
  }

  private static String[] listening(String[] arguments) {
    String[] all = Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "--listen";
    all[arguments.length + 1] = "nbd+unix:///?socket=s";
    return all;
  }

  private static String[] prepend(String first, String[] rest) {
    String[] all = new String[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }
}
