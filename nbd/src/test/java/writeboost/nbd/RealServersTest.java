package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.SectorDevice;
import writeboost.nbd.Calls.Call;

/** The client against the servers that people use. */
@Timeout(120)
class RealServersTest {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int SIZE = 8 << 20;

  /** Answers a FLUSH, and writes, as a file in the folder says. */
  private static final String[] EVAL = {
    "get_size=echo 1048576",
    "pread=dd if=/dev/zero bs=$3 count=1 status=none",
    "can_write=exit 0",
    "can_flush=exit 0",
    "pwrite=cat >/dev/null; if [ -e FOLDER/fail ]; then cat FOLDER/fail >&2; exit 1; fi",
    "flush=if [ -e FOLDER/fail ]; then cat FOLDER/fail >&2; exit 1; fi",
  };

  @TempDir Path folder;
  private Path sockets;
  private final List<Process> processes = new ArrayList<>();

  @BeforeEach
  void open() throws Exception {
    sockets = Files.createTempDirectory("nbd");
  }

  @AfterEach
  void close() throws Exception {
    for (Process process : processes) {
      process.destroyForcibly().waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
    Files.deleteIfExists(socket());
    Files.delete(sockets);
  }

  private Path socket() {
    return sockets.resolve("s");
  }

  private Process start(String program, String... arguments) throws Exception {
    ExternalTool tool = ExternalTool.find(program);
    Files.deleteIfExists(socket());
    Process process = tool.start(folder.resolve("log"), arguments);
    processes.add(process);
    while (!Files.exists(socket())) {
      assertThat(process.waitFor(10, TimeUnit.MILLISECONDS)).as(() -> program + " ended").isFalse();
    }
    return process;
  }

  private Process nbdkit(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("--foreground", "--unix=" + socket()));
    all.addAll(List.of(arguments));
    return start("nbdkit", all.toArray(String[]::new));
  }

  private NbdDevice connect(ClientOptions options) throws Exception {
    return NbdDevice.connect(NbdAddress.parse("nbd+unix:///?socket=" + socket()), options);
  }

  @Test
  void nbdkitMemory() throws Exception {
    nbdkit("memory", "size=" + SIZE);
    try (NbdDevice device = connect(ClientOptions.DEFAULTS)) {
      check(device);
    }
  }

  @Test
  void nbdkitFile() throws Exception {
    Path file = Files.write(folder.resolve("file"), new byte[SIZE]);
    nbdkit("file", file.toString());
    try (NbdDevice device = connect(ClientOptions.DEFAULTS)) {
      assertThat(check(device)).isEqualTo(Files.readAllBytes(file));
    }
  }

  @Test
  void holesOfNbdkit() throws Exception {
    Path file = Files.write(folder.resolve("file"), new byte[] {1});
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {1}), SIZE - 1);
    }
    nbdkit("file", file.toString());
    try (NbdDevice device = connect(ClientOptions.DEFAULTS)) {
      assertThat(states(device)).isEqualTo("0:3:0");
      device.prefetch(0, SIZE);
      assertThat(new Calls(device).read(0, SIZE).succeed().data())
          .isEqualTo(Files.readAllBytes(file));
      assertThat(device.state().connected()).isTrue();
    }
  }

  /** Of each extent the state, over the whole device. */
  private static String states(BlockDevice device) throws Exception {
    StringBuilder states = new StringBuilder();
    int last = -1;
    long at = 0;
    while (at < SIZE) {
      CompletableFuture<Extents> answer = new CompletableFuture<>();
      device.describe(new Extents(8, answer::complete).ask(at, SIZE - at, 8));
      Extents extents = answer.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      assertThat(extents.error).isZero();
      for (int i = 0; i < extents.count(); i++) {
        states.append(states.isEmpty() ? "" : extents.state(i) == last ? "" : ":");
        states.append(extents.state(i) == last ? "" : String.valueOf(extents.state(i)));
        last = extents.state(i);
        at += extents.length(i);
      }
    }
    return states.toString();
  }

  /** Its Unix sockets do not work; without {@code -d} it would leave us. */
  @Test
  void nbdServer() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Path file = Files.write(folder.resolve("file"), new byte[SIZE]);
    Path config =
        Files.writeString(
            folder.resolve("config"),
            """
            [generic]
              port = %d
              listenaddr = 127.0.0.1
            [disk]
              exportname = %s
              flush = true
              fua = true
              trim = true
              rotational = true
            """
                .formatted(port, file));
    ExternalTool server = ExternalTool.find("nbd-server");
    Process process = server.start(folder.resolve("log"), "-d", "-C", config.toString());
    processes.add(process);
    NbdAddress address = NbdAddress.parse("nbd://127.0.0.1:" + port + "/disk");
    try (NbdDevice device = connectSoon(address, process)) {
      assertThat(device.rotational()).isTrue();
      assertThat(check(device)).isEqualTo(Files.readAllBytes(file));
      assertThat(states(device)).isEqualTo("0"); // it knows of no holes
    }
  }

  private static NbdDevice connectSoon(NbdAddress address, Process server) throws Exception {
    ClientOptions patient = ClientOptions.DEFAULTS.withConnectTimeout(LIMIT); // it has one try
    while (true) {
      try {
        return NbdDevice.connect(address, patient);
      } catch (IOException e) {
        assertThat(server.waitFor(10, TimeUnit.MILLISECONDS)).as("ended: " + e).isFalse();
      }
    }
  }

  @Test
  void nbdkitWithBlocksOf4KiB() throws Exception {
    nbdkit(
        "--filter=blocksize-policy",
        "memory",
        "size=" + SIZE,
        "blocksize-minimum=4096",
        "blocksize-maximum=65536",
        "blocksize-error-policy=error");
    try (NbdDevice device = connect(ClientOptions.DEFAULTS)) {
      assertThat(device.limits().alignment()).isEqualTo(4096);
      check(new SectorDevice(device));
    }
  }

  @Test
  void qemuNbd() throws Exception {
    Path image = folder.resolve("image.qcow2");
    ExternalTool.find("qemu-img")
        .run(LIMIT, "create", "-q", "-f", "qcow2", image.toString(), SIZE + "")
        .expectSuccess();
    start(
        "qemu-nbd",
        "--persistent",
        "--shared=0",
        "--format=qcow2",
        "--socket=" + socket(),
        image.toString());
    try (NbdDevice device = connect(ClientOptions.DEFAULTS)) {
      assertThat(states(device)).isEqualTo("3");
      assertThat(device.canZeroFast()).isTrue();
      new Calls(device).write(4 << 20, new byte[65536]).succeed();
      assertThat(states(device)).isEqualTo("3:0:3");
      check(device);
    }
  }

  /** Writes, zeroes and trims of sectors; what the device holds then. */
  private static byte[] check(BlockDevice device) throws Exception {
    assertThat(device.size()).isEqualTo(SIZE);
    Random random = new Random(1);
    Calls calls = new Calls(device);
    byte[] expected = new byte[SIZE];
    for (int round = 0; round < 20; round++) {
      List<Call> pending = new ArrayList<>();
      for (int at = 0; at < SIZE - (2 << 20); ) {
        int length = 512 + (random.nextInt(256 << 10) & -512);
        if (random.nextInt(4) == 0) {
          pending.add(calls.zero(at, length, 0));
          Arrays.fill(expected, at, at + length, (byte) 0);
        } else {
          byte[] data = new byte[length];
          random.nextBytes(data);
          pending.add(calls.write(at, data));
          System.arraycopy(data, 0, expected, at, length);
        }
        at += length;
      }
      for (Call call : pending) {
        call.succeed();
      }
    }
    calls.flush().succeed();
    assertThat(calls.read(0, SIZE).succeed().data()).isEqualTo(expected);
    calls.trim(SIZE - (1 << 20), 1 << 20).succeed();
    return expected;
  }

  @Test
  void errorsOfWritesAndFlushesComeBack() throws Exception {
    String[] arguments = new String[EVAL.length + 1];
    arguments[0] = "eval";
    for (int i = 0; i < EVAL.length; i++) {
      arguments[i + 1] = EVAL[i].replace("FOLDER", folder.toString());
    }
    nbdkit(arguments);
    try (NbdDevice device = connect(ClientOptions.DEFAULTS)) {
      Calls calls = new Calls(device);
      calls.write(0, new byte[4096]).succeed();
      calls.flush().succeed();
      Files.writeString(folder.resolve("fail"), "EIO out of order");
      calls.write(0, new byte[4096]).fail(Errno.EIO);
      calls.flush().fail(Errno.EIO);
      Files.writeString(folder.resolve("fail"), "ENOSPC full");
      calls.write(0, new byte[4096]).fail(Errno.ENOSPC);
      Files.delete(folder.resolve("fail"));
      calls.write(0, new byte[4096]).succeed();
      calls.flush().succeed();
    }
  }

  @Test
  void aServerThatWasKilledAndStartedAgain() throws Exception {
    Path file = Files.write(folder.resolve("file"), new byte[SIZE]);
    Process nbdkit = nbdkit("file", file.toString());
    try (NbdDevice device = connect(ClientOptions.DEFAULTS)) {
      Calls calls = new Calls(device);
      byte[] data = new byte[4096];
      data[1] = 1;
      calls.write(0, data).succeed();
      nbdkit.destroyForcibly();
      Calls.await("disconnected", () -> !device.state().connected());
      Call read = calls.read(0, 4096);
      nbdkit("file", file.toString());
      assertThat(read.succeed().data()).isEqualTo(data);
      calls.flush().fail(Errno.ENOTCONN);
      calls.write(0, data).succeed();
      calls.flush().succeed();
    }
  }

  /** Whatever the time-outs are: they are not for a request that was sent. */
  @Test
  void aServerThatIsFrozenForAWhile() throws Exception {
    Process nbdkit = nbdkit("memory", "size=" + SIZE);
    ClientOptions hasty =
        ClientOptions.DEFAULTS
            .withReadTimeout(Duration.ofMillis(1))
            .withQuarantine(Duration.ofMillis(1));
    try (NbdDevice device = connect(hasty)) {
      Calls calls = new Calls(device);
      signal(nbdkit, "STOP");
      List<Call> pending = new ArrayList<>();
      for (int i = 0; i < 7; i++) { // more than the socket has room for
        pending.add(calls.write((long) i << 20, new byte[1 << 20]));
      }
      pending.add(calls.read(0, 4096));
      pending.add(calls.flush());
      ClientOptions impatient = ClientOptions.DEFAULTS.withConnectTimeout(Duration.ofMillis(300));
      assertThatThrownBy(() -> connect(impatient)).hasMessageContaining("does not answer");
      assertThat(pending).noneMatch(Call::isDone);
      signal(nbdkit, "CONT");
      for (Call call : pending) {
        call.succeed();
      }
    }
  }

  private static void signal(Process process, String signal) throws Exception {
    ExternalTool.find("sh")
        .run(LIMIT, "-c", "kill -" + signal + " " + process.pid())
        .expectSuccess();
  }
}
