package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static writeboost.nbd.Protocol.CMD_FLUSH;
import static writeboost.nbd.Protocol.CMD_READ;
import static writeboost.nbd.Protocol.CMD_TRIM;
import static writeboost.nbd.Protocol.CMD_WRITE;
import static writeboost.nbd.Protocol.CMD_WRITE_ZEROES;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.MemoryDevice;
import writeboost.device.Request;

/** Every refusal: the right error, the connection goes on, the device sees nothing. */
@Timeout(20)
class RequestErrorsTest {

  private static final long SIZE = Served.SIZE;

  private Served served;
  private RawClient client;

  @BeforeEach
  void connect() throws IOException {
    served = new Served();
    client = served.client();
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.close();
  }

  @Test
  void changesOutOfBoundsHaveNoSpace() throws IOException {
    long[][] outside = {
      {SIZE, 512},
      {SIZE - 512, 1024},
      {Long.MAX_VALUE - 511, 512},
      {-512, 512},
      {-512, 1024},
      {Long.MIN_VALUE, 512},
      {SIZE + 512, 0},
      {1L << 32 | SIZE, 4096},
    };
    for (long[] range : outside) {
      expect(Errno.ENOSPC, 0, CMD_WRITE, range[0], range[1]);
      expect(Errno.ENOSPC, 0, CMD_WRITE_ZEROES, range[0], range[1]);
      expect(Errno.EINVAL, 0, CMD_TRIM, range[0], range[1]);
      expect(Errno.EINVAL, 0, CMD_READ, range[0], range[1]);
    }
    expect(Errno.ENOSPC, 0, CMD_WRITE_ZEROES, 0, 0xffff_fe00L);
    expect(Errno.EINVAL, 0, CMD_TRIM, 512, SIZE);
    untouched();
  }

  @Test
  void unalignedIsInvalid() throws IOException {
    for (int type : new int[] {CMD_READ, CMD_WRITE, CMD_TRIM, CMD_WRITE_ZEROES}) {
      expect(Errno.EINVAL, 0, type, 1, 512);
      expect(Errno.EINVAL, 0, type, 512, 511);
      expect(Errno.EINVAL, 0, type, 256, 256);
    }
    untouched();
  }

  @Test
  void unknownCommandsAndFlagsAreInvalid() throws IOException {
    for (int type : new int[] {7, 8, 9, 0x7fff, 0xffff}) {
      expect(Errno.EINVAL, 0, type, 0, 512);
    }
    for (int flag : new int[] {4, 8, 32, 0x8000}) {
      for (int type : new int[] {CMD_READ, CMD_WRITE, CMD_TRIM, CMD_WRITE_ZEROES}) {
        expect(Errno.EINVAL, flag, type, 0, 512);
      }
      expect(Errno.EINVAL, flag, CMD_FLUSH, 0, 0);
    }
    expect(Errno.EINVAL, Protocol.CMD_FLAG_NO_HOLE, CMD_WRITE, 0, 512);
    expect(Errno.EINVAL, Protocol.CMD_FLAG_FAST_ZERO, CMD_TRIM, 0, 512);
    expect(Errno.EINVAL, Protocol.CMD_FLAG_NO_HOLE, Protocol.CMD_CACHE, 0, 512);
    expect(Errno.EINVAL, 0, CMD_FLUSH, 0, 512);
    untouched();
  }

  @Test
  void fuaIsLegalEverywhere() throws IOException {
    for (int type : new int[] {CMD_WRITE, CMD_TRIM, CMD_WRITE_ZEROES}) {
      expect(Errno.OK, Protocol.CMD_FLAG_FUA, type, 0, 512);
    }
    expect(Errno.OK, Protocol.CMD_FLAG_FUA, CMD_FLUSH, 0, 0);
    expect(Errno.OK, 3, CMD_WRITE_ZEROES, 0, 512);
    client.send(RawClient.request(Protocol.CMD_FLAG_FUA, CMD_READ, 5, 0, 512));
    assertThat(client.reply()).isEqualTo(new RawClient.Reply(0, 5));
    client.payload(512);
    assertThat(served.device.submitted()).isEqualTo(6);
  }

  @Test
  void nothingIsDoneForNothing() throws IOException {
    for (int type : new int[] {CMD_READ, CMD_WRITE, CMD_TRIM, CMD_WRITE_ZEROES}) {
      expect(Errno.OK, 0, type, SIZE, 0);
    }
    untouched();
  }

  @Test
  void tooLongPayloadIsReadAndDropped() throws IOException {
    expect(Errno.EINVAL, 0, CMD_READ, 0, Protocol.MAX_PAYLOAD + 512L);
    expect(Errno.EINVAL, 0, CMD_READ, 0, 0xffff_fe00L);
    expect(Errno.EINVAL, 0, CMD_WRITE, 0, Protocol.MAX_PAYLOAD + 512L);
    untouched();
  }

  @Test
  void theLongestAreServed() throws IOException {
    byte[] data = new byte[Protocol.MAX_PAYLOAD];
    for (int i = 0; i < data.length; i += 512) {
      data[i] = (byte) (i / 512 * 31 + 1);
    }
    assertThat(client.errorOf(RawClient.write(1, SIZE - data.length, data))).isZero();
    assertThat(client.readBack(SIZE - data.length, data.length)).isEqualTo(data);
  }

  @Test
  void aReadOnlyExportPermitsNoChange() throws IOException {
    try (Served readOnly =
            new Served(
                new MemoryDevice(SIZE), new Export("disk", "", true), ServerOptions.DEFAULTS);
        RawClient reader = readOnly.client()) {
      for (int type : new int[] {CMD_WRITE, CMD_TRIM, CMD_WRITE_ZEROES}) {
        byte[] data = new byte[type == CMD_WRITE ? 4096 : 0];
        assertThat(reader.errorOf(RawClient.request(0, type, 1, 0, 4096, data)))
            .isEqualTo(Errno.EPERM);
      }
      assertThat(reader.readBack(0, 4096)).containsOnly(0);
      assertThat(readOnly.device.submitted()).isEqualTo(1);
    }
  }

  @Test
  void theDevicesErrorsReachTheClient() throws IOException {
    FailingDevice failing = new FailingDevice();
    try (Served broken =
            new Served(failing, new Export("disk", "", false), ServerOptions.DEFAULTS);
        RawClient user = broken.client()) {
      int[][] errors = {
        {Errno.EIO, 5}, {Errno.ENOSPC, 28}, {Errno.ENOMEM, 12}, {Errno.EPERM, 1},
        {Errno.ESHUTDOWN, 108}, {Errno.ENOTSUP, 22}, {Errno.ECANCELED, 5}, {4711, 5},
        {Errno.EFBIG, 28}, {Errno.EDQUOT, 28},
      };
      for (int[] error : errors) {
        failing.error = error[0];
        assertThat(user.errorOf(RawClient.read(1, 0, 4096))).isEqualTo(error[1]);
        assertThat(user.errorOf(RawClient.read(1, 0, 1 << 20))).isEqualTo(error[1]);
        assertThat(user.errorOf(RawClient.write(1, 0, new byte[512]))).isEqualTo(error[1]);
      }
    }
  }

  /** Where it is not offered, it is invalid; where it is, the device may decline. */
  @Test
  void onlyFastZeroesAreNotSupported() throws IOException {
    FailingDevice slow = new FailingDevice();
    slow.error = Errno.ENOTSUP;
    DescribedDevice fast = new DescribedDevice();
    fast.error = Errno.ENOTSUP;
    Export export = new Export("disk", "", false);
    try (Served slowly = new Served(slow, export, ServerOptions.DEFAULTS);
        Served quickly = new Served(fast, export, ServerOptions.DEFAULTS);
        RawClient toSlow = slowly.client();
        RawClient toFast = quickly.client()) {
      byte[] zero = RawClient.request(0, CMD_WRITE_ZEROES, 1, 0, 4096);
      byte[] zeroFast =
          RawClient.request(Protocol.CMD_FLAG_FAST_ZERO, CMD_WRITE_ZEROES, 1, 0, 4096);
      assertThat(toSlow.errorOf(zeroFast)).isEqualTo(Errno.EINVAL);
      assertThat(slowly.device.submitted()).isZero();
      assertThat(toFast.errorOf(zeroFast)).isEqualTo(Errno.ENOTSUP);
      assertThat(toFast.errorOf(zero)).isEqualTo(Errno.EINVAL);
    }
  }

  private void expect(int error, int flags, int type, long offset, long length) throws IOException {
    byte[] data = new byte[type == CMD_WRITE ? (int) length : 0];
    long cookie = offset ^ length ^ 0x5555_5555_5555_5555L;
    client.send(RawClient.request(flags, type, cookie, offset, length, data));
    assertThat(client.reply())
        .as("command %d flags %d range %d+%d", type, flags, offset, length)
        .isEqualTo(new RawClient.Reply(error, cookie));
  }

  private void untouched() throws IOException {
    assertThat(served.device.submitted()).isZero();
    assertThat(client.readBack(0, 4096)).containsOnly(0);
  }

  private static final class FailingDevice implements BlockDevice {
    volatile int error;

    @Override
    public long size() {
      return SIZE;
    }

    @Override
    public Limits limits() {
      return new Limits(false, 512, 4096, true, true);
    }

    @Override
    public void submit(Request[] batch, int count) {
      for (int i = 0; i < count; i++) {
        batch[i].complete(error);
      }
    }

    @Override
    public void close() {}
  }
}
