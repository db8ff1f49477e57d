package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clients that people use. */
@Timeout(120)
class RealClientsTest {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir Path folder;
  private Served served;

  @BeforeEach
  void serve() throws IOException {
    served = new Served();
  }

  @AfterEach
  void close() throws IOException {
    served.close();
  }

  @Test
  void nbdinfo() throws Exception {
    ExternalTool nbdinfo = ExternalTool.find("nbdinfo");
    String output = nbdinfo.run(LIMIT, "--json", served.uri()).expectSuccess().output();
    assertThat(output)
        .contains("\"protocol\": \"newstyle-fixed\"")
        .contains("\"export-size\": " + Served.SIZE)
        .contains("\"export-name\": \"disk\"")
        .contains("\"description\": \"a disk in RAM\"")
        .contains("\"is_read_only\": false")
        .contains("\"can_flush\": true")
        .contains("\"can_fua\": true")
        .contains("\"can_trim\": true")
        .contains("\"can_zero\": true")
        .contains("\"can_fast_zero\": true")
        .contains("\"can_multi_conn\": true")
        .contains("\"can_cache\": true")
        .contains("\"can_df\": true")
        .contains("\"base:allocation\"")
        .contains("\"is_rotational\": false")
        .contains("\"block_size_minimum\": 512")
        .contains("\"block_size_preferred\": 4096")
        .contains("\"block_size_maximum\": 33554432");
    nbdinfo.run(LIMIT, "--list", served.uri()).expectSuccess();
  }

  @Test
  void nbdcopyInAndOutOverTcp() throws Exception {
    ExternalTool nbdcopy = ExternalTool.find("nbdcopy");
    var listener = served.server.listen(new InetSocketAddress("localhost", 0));
    int port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
    byte[] data = new byte[Served.SIZE];
    new Random(1).nextBytes(data);
    Path in = Files.write(folder.resolve("in"), data);
    Path out = folder.resolve("out");
    nbdcopy.run(LIMIT, in.toString(), "nbd://localhost:" + port + "/disk").expectSuccess();
    nbdcopy.run(LIMIT, served.uri(), out.toString()).expectSuccess();
    assertThat(Files.mismatch(in, out)).isEqualTo(-1);
  }

  @Test
  void nbdClientListsExports() throws Exception {
    ExternalTool nbdClient = ExternalTool.find("nbd-client");
    var listener = served.server.listen(new InetSocketAddress("localhost", 0));
    int port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
    assertThat(nbdClient.run(LIMIT, "-l", "localhost", Integer.toString(port)).output())
        .contains("disk");
  }

  @Test
  void qemuIo() throws Exception {
    ExternalTool qemu = ExternalTool.find("qemu-io");
    String[] commands = {
      "write -P 7 1M 64k",
      "read -P 7 1M 64k",
      "write -z 1M 4k",
      "read -P 0 1M 4k",
      "read -P 7 1028k 60k",
      "write -z -u 1M 64k",
      "discard 2M 1M",
      "write -f -P 9 4k 512",
      "read -P 9 4k 512",
      "write -P 3 0 32M",
      "read -P 3 0 32M",
      "flush",
    };
    String[] arguments = new String[3 + 2 * commands.length];
    arguments[0] = "-f";
    arguments[1] = "raw";
    arguments[2] = served.uri();
    for (int i = 0; i < commands.length; i++) {
      arguments[3 + 2 * i] = "-c";
      arguments[4 + 2 * i] = commands[i];
    }
    assertThat(qemu.run(LIMIT, arguments).expectSuccess().output())
        .doesNotContain("verification failed")
        .doesNotContain("error");
  }

  @Test
  void fioVerifies() throws Exception {
    ExternalTool fio = ExternalTool.find("fio");
    fio.run(
            LIMIT,
            "--name=nbd",
            "--ioengine=nbd",
            "--uri=" + served.uri(),
            "--rw=randwrite",
            "--bsrange=512-1m",
            "--bs_unaligned=0",
            "--blockalign=512",
            "--iodepth=16",
            "--serialize_overlap=1",
            "--size=" + Served.SIZE,
            "--fsync=32",
            "--verify=crc32c",
            "--verify_state_save=0",
            "--verify_state_save=0",
            "--do_verify=1")
        .expectSuccess();
  }
}
