package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Errno;
import writeboost.device.Request;
import writeboost.nbd.Calls.Call;

/** The client against our own server. */
@Timeout(60)
class NbdDeviceTest {

  private static final int ROUNDS = 300;

  private static NbdDevice connect(Served served) throws Exception {
    return NbdDevice.connect(NbdAddress.parse(served.uri()), ClientOptions.DEFAULTS);
  }

  @Test
  void saysWhatTheServerSays() throws Exception {
    try (Served served = new Served();
        NbdDevice device = connect(served)) {
      assertThat(device.size()).isEqualTo(Served.SIZE);
      assertThat(device.limits().alignment()).isEqualTo(512);
      assertThat(device.limits().canTrim()).isTrue();
      assertThat(device.limits().canZero()).isTrue();
      assertThat(device.limits().readOnly()).isFalse();
      assertThat(device.state().connected()).isTrue();
      assertThat(device.state().trouble()).isEmpty();
    }
  }

  /** Any requests, many in flight, over a Unix socket and over TCP, against an array. */
  @Test
  void holdsWhatWasWritten() throws Exception {
    long seed = System.nanoTime();
    try (Served served = new Served()) {
      InetSocketAddress tcp =
          (InetSocketAddress)
              served.server.listen(new InetSocketAddress("localhost", 0)).getLocalAddress();
      NbdAddress address = NbdAddress.parse("nbd://127.0.0.1:" + tcp.getPort() + "/disk");
      try (NbdDevice unix = connect(served);
          NbdDevice other = NbdDevice.connect(address, ClientOptions.DEFAULTS)) {
        byte[] expected = new byte[Served.SIZE];
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
          change(new Calls(round % 2 == 0 ? unix : other), expected, random);
          compare(new Calls(round % 2 == 0 ? other : unix), expected, random, "seed " + seed);
        }
      }
    }
  }

  /** Non-overlapping changes, all in flight at once. */
  private static void change(Calls calls, byte[] expected, Random random) throws Exception {
    List<Call> pending = new ArrayList<>();
    int at = random.nextInt(1 << 20) & -512;
    while (at < Served.SIZE && pending.size() < 40) {
      int length = Math.min(length(random), Served.SIZE - at);
      int flags = random.nextInt(8) == 0 ? Request.FUA : 0;
      if (random.nextInt(4) == 0) {
        pending.add(calls.zero(at, length, flags));
        Arrays.fill(expected, at, at + length, (byte) 0);
      } else {
        byte[] data = new byte[length];
        random.nextBytes(data);
        pending.add(calls.write(at, data, flags));
        System.arraycopy(data, 0, expected, at, length);
      }
      at += length + (random.nextInt(1 << 20) & -512);
    }
    for (Call call : pending) {
      call.succeed();
    }
    calls.flush().succeed();
  }

  private static void compare(Calls calls, byte[] expected, Random random, String seed)
      throws Exception {
    List<Call> pending = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      int length = length(random);
      pending.add(calls.read(random.nextInt(Served.SIZE - length) & -512, length));
    }
    for (Call call : pending) {
      int at = (int) call.succeed().request.offset;
      assertThat(call.data())
          .as(seed)
          .isEqualTo(Arrays.copyOfRange(expected, at, at + (int) call.request.length));
    }
  }

  private static int length(Random random) {
    return switch (random.nextInt(10)) {
      case 0 -> 512 + (random.nextInt(2 << 20) & -512);
      case 1, 2, 3 -> 4096;
      default -> 512 + (random.nextInt(64 << 10) & -512);
    };
  }

  @Test
  void refusesWhatIsNoRequest() throws Exception {
    try (Served served = new Served();
        NbdDevice device = connect(served)) {
      Calls calls = new Calls(device);
      calls.read(Served.SIZE, 512).fail(Errno.EINVAL);
      calls.read(100, 512).fail(Errno.EINVAL);
      calls.write(0, new byte[100]).fail(Errno.EINVAL);
      calls.zero(-512, 512, 0).fail(Errno.EINVAL);
      calls.read(0, 0).succeed();
      assertThat(served.device.submitted()).isZero();
    }
  }

  @Test
  void aDeviceOpenedReadOnlyTakesNoChanges() throws Exception {
    ClientOptions options = ClientOptions.DEFAULTS.withReadOnly(true);
    try (Served served = new Served();
        NbdDevice device = NbdDevice.connect(NbdAddress.parse(served.uri()), options)) {
      assertThat(device.limits().readOnly()).isTrue();
      Calls calls = new Calls(device);
      calls.write(0, new byte[512]).fail(Errno.EPERM);
      calls.flush().succeed();
      calls.read(0, 512).succeed();
    }
  }

  @Test
  void anErrorOfTheServerIsTheRequests() throws Exception {
    try (Served served = new Served();
        NbdDevice device = connect(served)) {
      served.device.hold();
      Call write = new Calls(device).write(0, new byte[4096]);
      served.device.awaitHeld(1);
      served.device.failHeld(Errno.ENOSPC);
      write.fail(Errno.ENOSPC);
    }
  }

  @Test
  void closingAnswersWhatIsInFlight() throws Exception {
    try (Served served = new Served()) {
      NbdDevice device = connect(served);
      served.device.hold();
      Call write = new Calls(device).write(0, new byte[4096]);
      Call read = new Calls(device).read(0, 4096);
      served.device.awaitHeld(2);
      device.close();
      write.fail(Errno.ESHUTDOWN);
      read.fail(Errno.ESHUTDOWN);
      new Calls(device).read(0, 4096).fail(Errno.ESHUTDOWN);
      device.close(); // once more is harmless
    }
  }
}
