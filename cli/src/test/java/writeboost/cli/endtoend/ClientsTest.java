package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.nbd.ExternalTool;

/** The clients that people use, one after another, on one cache that is smaller than the data. */
@Timeout(300)
final class ClientsTest {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int BACKING_MIB = 128;
  private static final int IMAGE_BYTES = BACKING_MIB << 20;

  private static Workspace workspace;
  private static Server server;

  @BeforeAll
  static void serve() throws Exception {
    workspace = new Workspace();
    server =
        Server.start(
            workspace,
            workspace.file("backing.img").toString(),
            workspace.file("cache.img").toString(),
            "--backing-size",
            BACKING_MIB + "M",
            "--cache-size",
            "64M");
  }

  @AfterAll
  static void stop() throws Exception {
    try {
      if (server != null) {
        server.stop();
      }
    } finally {
      workspace.close();
    }
  }

  @Test
  void nbdinfo() throws Exception {
    ExternalTool nbdinfo = ExternalTool.find("nbdinfo");
    assertThat(nbdinfo.run(LIMIT, "--json", server.uri()).expectSuccess().output())
        .contains("\"export-size\": " + IMAGE_BYTES)
        .contains("\"is_read_only\": false")
        .contains("\"can_flush\": true")
        .contains("\"can_fua\": true")
        .contains("\"can_trim\": true")
        .contains("\"can_zero\": true")
        .contains("\"can_multi_conn\": true")
        .contains("\"block_size_minimum\": 512");
    assertThat(nbdinfo.run(LIMIT, "--list", server.uri()).expectSuccess().output())
        .contains("export=\"backing.img\"");
    nbdinfo.run(LIMIT, "--can", "multi-conn", server.uri()).expectSuccess();
    assertThat(nbdinfo.run(LIMIT, "--is", "read-only", server.uri()).exitCode()).isEqualTo(2);
  }

  /** Backing, log and zero run, as both contexts show them. */
  @Test
  void nbdinfoMaps() throws Exception {
    ExternalTool nbdinfo = ExternalTool.find("nbdinfo");
    ExternalTool.find("nbdsh")
        .run(
            LIMIT,
            "-u",
            server.uri(),
            "-c",
            "h.zero(h.get_size(), 0); h.pwrite(b'x' * 8192, 1 << 20)")
        .expectSuccess();
    String states =
        nbdinfo.run(LIMIT, "--map=x-writeboost:state", server.uri()).expectSuccess().output();
    assertThat(states.lines().map(line -> line.strip().split("\\s+")[2])).contains("3");
    assertThat(states).containsPattern("1048576 +8192 +[12]");
    String allocation = nbdinfo.run(LIMIT, "--map", server.uri()).expectSuccess().output();
    assertThat(allocation)
        .containsPattern("0 +1048576 +3 +hole,zero")
        .containsPattern("1048576 +8192 +0 +data");
    assertThat(nbdinfo.run(LIMIT, "--json", server.uri()).expectSuccess().output())
        .contains("\"base:allocation\"", "\"x-writeboost:state\"");
  }

  @Test
  void nbdcopyInAndOutOverSeveralConnections() throws Exception {
    ExternalTool nbdcopy = ExternalTool.find("nbdcopy");
    Path in = image("nbdcopy-in");
    Path out = workspace.file("nbdcopy-out");
    nbdcopy.run(LIMIT, "--connections=4", "--flush", in.toString(), server.uri()).expectSuccess();
    nbdcopy.run(LIMIT, "--connections=4", server.uri(), out.toString()).expectSuccess();
    assertThat(Files.mismatch(in, out)).isEqualTo(-1);
    String allocated = ExternalTool.find("du").run(LIMIT, "-m", out.toString()).output();
    assertThat(Integer.parseInt(allocated.split("\\s")[0]))
        .as("MiB allocated of an image that is holes for a third")
        .isBetween(BACKING_MIB * 2 / 3, BACKING_MIB * 3 / 4);
  }

  @Test
  void qemuImgConvertsAndCompares() throws Exception {
    ExternalTool qemu = ExternalTool.find("qemu-img");
    String in = image("qemu-in").toString();
    String out = workspace.file("qemu-out").toString();
    String disk = server.uri();
    qemu.run(LIMIT, "convert", "-n", "-f", "raw", "-O", "raw", in, disk).expectSuccess();
    qemu.run(LIMIT, "compare", "-f", "raw", "-F", "raw", in, disk).expectSuccess();
    qemu.run(LIMIT, "convert", "-f", "raw", "-O", "qcow2", disk, out).expectSuccess();
    qemu.run(LIMIT, "compare", "-f", "raw", "-F", "qcow2", in, out).expectSuccess();
  }

  @Test
  void qemuIoWritesZeroesDiscardsAndReadsBack() throws Exception {
    ExternalTool qemu = ExternalTool.find("qemu-io");
    String[] commands = {
      "write -P 7 1M 64k",
      "read -P 7 1M 64k",
      "write -z 1028k 4k",
      "read -P 7 1M 4k",
      "read -P 0 1028k 4k",
      "read -P 7 1032k 56k",
      "write -z 1032k 1536",
      "read -P 0 1032k 1536",
      "read -P 7 1058304 10240",
      "write -f -P 9 1024 512",
      "read -P 9 1024 512",
      "write -P 3 8M 32M",
      "discard 2M 1M",
      "read -P 3 8M 32M",
      "write -z -u -f 8M 32M",
      "read -P 0 8M 32M",
      "flush",
    };
    String[] arguments = new String[3 + 2 * commands.length];
    arguments[0] = "-f";
    arguments[1] = "raw";
    arguments[2] = server.uri();
    for (int i = 0; i < commands.length; i++) {
      arguments[3 + 2 * i] = "-c";
      arguments[4 + 2 * i] = commands[i];
    }
    assertThat(qemu.run(LIMIT, arguments).expectSuccess().output())
        .doesNotContain("verification failed")
        .doesNotContainIgnoringCase("error");
  }

  @Test
  void fioVerifies() throws Exception {
    ExternalTool.find("fio")
        .run(
            LIMIT,
            "--name=nbd",
            "--ioengine=nbd",
            "--uri=" + server.uri(),
            "--rw=randwrite",
            "--bsrange=512-1m",
            "--blockalign=512",
            "--iodepth=16",
            "--serialize_overlap=1",
            "--size=" + BACKING_MIB + "M",
            "--fsync=32",
            "--verify=crc32c",
            "--verify_state_save=0",
            "--do_verify=1")
        .expectSuccess();
  }

  /** As large as the export; a third of it holes. */
  private static Path image(String name) throws Exception {
    byte[] data = new byte[IMAGE_BYTES];
    byte[] chunk = new byte[IMAGE_BYTES / 12];
    Random random = new Random(name.hashCode());
    for (int i = 0; i < 12; i++) {
      if (i % 3 != 1) {
        random.nextBytes(chunk);
        System.arraycopy(chunk, 0, data, i * chunk.length, chunk.length);
      }
    }
    return Files.write(workspace.file(name), data);
  }
}
