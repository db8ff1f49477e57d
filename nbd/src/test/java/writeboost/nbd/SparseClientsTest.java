package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.MemoryDevice;

/** The clients that people use, where they ask what is data and what is not. */
@Timeout(120)
class SparseClientsTest {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private final MemoryDevice second = new MemoryDevice(MIB);
  private Served served;

  @BeforeEach
  void serve() throws IOException {
    MetaContext parity = new MetaContext("x-test:parity", SparseClientsTest::parity);
    Export disk = new Export("disk", "a disk in RAM", false, List.of(parity));
    served = new Served(new MemoryDevice(Served.SIZE), disk, ServerOptions.DEFAULTS);
    served.server.export(second, new Export("second", "to be read", true));
  }

  @AfterEach
  void close() throws IOException {
    served.close();
    second.close();
  }

  /** One extent for every MiB. */
  private static void parity(Extents extents) {
    boolean more = true;
    while (more) {
      long at = extents.offset + extents.described();
      more = extents.add(MIB - at % MIB, (int) (at / MIB & 1));
    }
    extents.complete(Errno.OK);
  }

  /** As large as the export; 5 MiB of it, in two places, are data. */
  private Path image() throws IOException {
    Path image = folder.resolve("image");
    byte[] data = new byte[3 * MIB];
    new Random(5).nextBytes(data);
    try (FileChannel file =
        FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(data), 8 * MIB);
      file.write(ByteBuffer.wrap(data, 0, 2 * MIB), 40 * MIB);
      file.write(ByteBuffer.allocate(1), Served.SIZE - 1);
    }
    return image;
  }

  private static void run(String program, String... arguments) throws Exception {
    ExternalTool.find(program).run(LIMIT, arguments).expectSuccess();
  }

  private static String output(String program, String... arguments) throws Exception {
    return ExternalTool.find(program).run(LIMIT, arguments).expectSuccess().output();
  }

  private void expectCopy(Path image, Path copy) throws Exception {
    assertThat(Files.mismatch(image, copy)).isEqualTo(-1);
    int kib = Integer.parseInt(output("du", "-k", copy.toString()).split("\\s")[0]);
    assertThat(kib).as("KiB allocated").isBetween(5 * 1024, 6 * 1024);
    Files.delete(copy);
  }

  @Test
  void nbdinfoListsEveryExportAndItsContexts() throws Exception {
    String list = output("nbdinfo", "--list", "--json", served.uri());
    int end = list.indexOf("\"export-name\": \"second\"");
    assertThat(list.substring(0, end))
        .contains("\"export-name\": \"disk\"", "\"description\": \"a disk in RAM\"")
        .contains("\"base:allocation\"", "\"x-test:parity\"", "\"structured\": true");
    assertThat(list.substring(end))
        .contains("\"description\": \"to be read\"", "\"base:allocation\"")
        .contains("\"export-size\": " + MIB, "\"is_read_only\": true", "\"can_trim\": false")
        .doesNotContain("x-test");
  }

  @Test
  void nbdinfoMaps() throws Exception {
    run("nbdcopy", image().toString(), served.uri());
    assertThat(output("nbdinfo", "--map", served.uri()).lines().map(line -> line.strip()))
        .containsExactly(
            "0     8388608    3  hole,zero",
            "8388608     3145728    0  data",
            "11534336    30408704    3  hole,zero",
            "41943040     2097152    0  data",
            "44040192    23068672    3  hole,zero");
    assertThat(output("nbdinfo", "--map", "--totals", served.uri()))
        .containsPattern("5242880 +7.8% +0 data")
        .containsPattern("61865984 +92.2% +3 hole,zero");
    assertThat(output("nbdinfo", "--map=x-test:parity", served.uri()).lines())
        .hasSize(Served.SIZE / MIB)
        .allMatch(line -> line.strip().split("\\s+")[1].equals(Integer.toString(MIB)));
  }

  @Test
  void nbdcopyCopiesTheDataOnly() throws Exception {
    Path image = image();
    Path copy = folder.resolve("copy");
    run("nbdcopy", "--connections=4", "--flush", image.toString(), served.uri());
    run("nbdcopy", "--connections=4", served.uri(), copy.toString());
    expectCopy(image, copy);
  }

  @Test
  void qemuImgMapsConvertsComparesAndBenches() throws Exception {
    Path image = image();
    Path copy = folder.resolve("copy");
    String disk = served.uri();
    run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), disk);
    run("qemu-img", "compare", "-f", "raw", "-F", "raw", image.toString(), disk);
    assertThat(output("qemu-img", "map", "-f", "raw", "--output=json", disk))
        .contains("\"start\": 8388608, \"length\": 3145728")
        .contains("\"start\": 41943040, \"length\": 2097152")
        .containsPattern("11534336, \"length\": 30408704.*\"zero\": true, \"data\": false");
    run("qemu-img", "convert", "-f", "raw", "-O", "raw", disk, copy.toString());
    expectCopy(image, copy);
    run("qemu-img", "bench", "-f", "raw", "-c", "2000", "-d", "16", disk);
    run("qemu-img", "bench", "-f", "raw", "-w", "-c", "500", "-s", "64k", disk);
  }

  @Test
  void qemuIoWantsFastZeroesOnly() throws Exception {
    String disk = served.uri();
    String[] commands = {
      "write -P 5 0 2M", "write -zn 0 1M", "write -znuf 1M 512k", "read -P 0 0 1M"
    };
    for (String command : commands) {
      assertThat(output("qemu-io", "-f", "raw", "-c", command, disk))
          .doesNotContain("failed", "error");
    }
    assertThat(output("nbdinfo", "--map", disk)).containsPattern("1572864 +524288 +0 +data");
  }

  /** A client that asks for everything the server has, with others behind it. */
  @Test
  void nbdkitPassesItOn() throws Exception {
    Path image = image();
    Path copy = folder.resolve("copy");
    String script =
        """
        set -e
        nbdcopy IMAGE "$uri"
        nbdinfo --map --totals "$uri" | grep -E '5242880 +7.8% +0 data'
        nbdcopy "$uri" COPY
        nbdinfo --can fast-zero "$uri"
        nbdinfo --can cache "$uri"
        nbdsh -u "$uri" -c 'h.cache(65536, 0)' \\
            -c 'h.zero(65536, 8 << 20, nbd.CMD_FLAG_FAST_ZERO)' \\
            -c 'h.trim(65536, 9 << 20, nbd.CMD_FLAG_FUA)' -c 'h.flush()'
        """;
    String socket = "socket=" + served.address.getPath();
    String run = script.replace("IMAGE", image.toString()).replace("COPY", copy.toString());
    run("nbdkit", "-U", "-", "nbd", socket, "export=disk", "--run", run);
    expectCopy(image, copy);
  }
}
