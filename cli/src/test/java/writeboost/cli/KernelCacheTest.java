package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.kernel.KernelImage;
import writeboost.nbd.ExternalTool;

/** Caches that the real kernel module wrote, as a user meets them: served, and written back. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class KernelCacheTest {

  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createDirectory(temporary.resolve("run"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "wrap", "readcache", "bad-data"})
  void writtenBackWithoutAServer(String set) throws Exception {
    KernelImage image = unpack(set);
    for (int time = 0; time < 2; time++) {
      run(0, "has everything", options("writeback", set));
      assertThat(sha256(folder.resolve("backing"))).isEqualTo(image.expectedSha256());
    }
  }

  @Test
  void servedKilledAndServedAgain() throws Exception {
    KernelImage image = unpack("wrap");
    ExternalTool nbdcopy = ExternalTool.find("nbdcopy");
    String[] adopt = {"serve", "backing", "cache", "--adopt", "--listen", "nbd+unix:///?socket=s"};
    for (int life = 0; life < 3; life++) {
      try (CommandRun server = new CommandRun(folder, adopt)) {
        String uri = server.awaitReady().getFirst();
        server.awaitError(life == 0 ? "adopted" : "resumed");
        Path copy = folder.resolve("copy" + life);
        nbdcopy.run(Serving.LIMIT, uri, copy.toString()).expectSuccess();
        assertThat(sha256(copy)).isEqualTo(image.expectedSha256());
        if (life == 1) {
          Serving.stop(server);
        }
      }
      Files.deleteIfExists(folder.resolve("s"));
    }
    run(0, "has everything", "writeback", "backing", "cache");
    assertThat(sha256(folder.resolve("backing"))).isEqualTo(image.expectedSha256());
  }

  @Test
  void refusedUnasked() throws Exception {
    unpack("wrap");
    refused("--adopt", "serve");
    refused("'writeboost writeback'", "serve", "--salvage");
    refused("--read-only", "serve", "--adopt", "--read-only");
  }

  @Test
  void damagedOnesAreRefusedWithoutSalvage() throws Exception {
    unpack("bad-data");
    refused("--salvage", "serve", "--adopt");
    refused("segment 151 behind it is whole", "writeback");
  }

  @Test
  void aBackingDeviceThatIsTooSmall() throws Exception {
    unpack("wrap");
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve("backing").toFile(), "rw")) {
      file.setLength(16 << 20);
    }
    refused("right backing device", "serve", "--adopt");
    refused("right backing device", "writeback");
  }

  @Test
  void aCacheDeviceThatIsShorterThanItWas() throws Exception {
    unpack("wrap");
    try (RandomAccessFile file = new RandomAccessFile(folder.resolve("cache").toFile(), "rw")) {
      file.setLength(7 << 20);
    }
    refused("another size", "serve", "--adopt");
    refused("another size", "writeback");
  }

  @Test
  void aCacheOfOursIsWrittenBackToo() throws Exception {
    ExternalTool.find("nbdsh");
    try (CommandRun server = Serving.start(folder)) {
      String uri = server.awaitReady().getFirst();
      Serving.client(uri, "h.pwrite(b'x' * 65536, 4096)", "h.pwrite(b'y' * 512, 512)", "h.flush()");
    }
    run(0, "has everything", "writeback", "backing", "cache");
    byte[] expected = new byte[8 << 20];
    java.util.Arrays.fill(expected, 512, 1024, (byte) 'y');
    java.util.Arrays.fill(expected, 4096, 4096 + 65536, (byte) 'x');
    assertThat(Files.readAllBytes(folder.resolve("backing"))).isEqualTo(expected);
    run(0, "0 bytes written back", "writeback", "backing", "cache");
  }

  @Test
  void soIsOneOfLayoutV1() throws Exception {
    ExternalTool.find("nbdsh");
    try (CommandRun server = Serving.start(folder, "--layout", "v1")) {
      String uri = server.awaitReady().getFirst();
      Serving.client(uri, "h.pwrite(b'z' * 8192, 12288)", "h.flush()");
    }
    refused("--layout v1", "writeback");
    run(0, "has everything", "writeback", "backing", "cache", "--layout", "v1");
    byte[] expected = new byte[8 << 20];
    java.util.Arrays.fill(expected, 12288, 12288 + 8192, (byte) 'z');
    assertThat(Files.readAllBytes(folder.resolve("backing"))).isEqualTo(expected);
  }

  private static String[] options(String command, String set) {
    List<String> arguments = new ArrayList<>(List.of(command, "backing", "cache"));
    if (set.equals("bad-data")) {
      arguments.add("--salvage");
    }
    return arguments.toArray(String[]::new);
  }

  private KernelImage unpack(String set) throws IOException {
    KernelImage image = new KernelImage(set);
    try (InputStream backing = image.backing();
        InputStream cache = image.cache()) {
      Files.copy(backing, folder.resolve("backing"));
      Files.copy(cache, folder.resolve("cache"));
    }
    return image;
  }

  private void run(int exitCode, String says, String... arguments) throws Exception {
    try (CommandRun run = new CommandRun(folder, arguments)) {
      assertThat(run.exitCode()).as(run::errors).isEqualTo(exitCode);
      assertThat(run.errors()).contains(says);
      assertThat(run.output()).isEmpty();
    }
  }

  private void refused(String says, String command, String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(command, "backing", "cache"));
    arguments.addAll(List.of(options));
    Map<String, String> before = FolderState.of(folder);
    try (CommandRun run = new CommandRun(folder, arguments.toArray(String[]::new))) {
      assertThat(run.exitCode()).as(run::errors).isEqualTo(1);
      assertThat(run.errors().lines().filter(line -> !line.contains("reading ")))
          .singleElement()
          .asString()
          .contains(says);
    }
    assertThat(FolderState.of(folder)).isEqualTo(before);
  }

  private static String sha256(Path file) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    return HexFormat.of().formatHex(digest.digest(Files.readAllBytes(file)));
  }
}
