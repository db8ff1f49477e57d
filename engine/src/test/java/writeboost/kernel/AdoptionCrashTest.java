package writeboost.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.Request;
import writeboost.volume.Volume;

/** An adoption that ends after any of its writes leaves a cache with the same content. */
@Timeout(120)
final class AdoptionCrashTest {

  /** Takes so many changes, and nothing from then on. */
  private static final class DyingDevice implements BlockDevice {
    private final BlockDevice device;
    private int left;

    DyingDevice(BlockDevice device, int left) {
      this.device = device;
      this.left = left;
    }

    @Override
    public long size() {
      return device.size();
    }

    @Override
    public Limits limits() {
      return device.limits();
    }

    @Override
    public void submit(Request[] batch, int count) {
      for (int i = 0; i < count; i++) {
        if (batch[i].operation.changes() && --left < 0) {
          batch[i].complete(Errno.EIO);
        } else {
          device.submit(new Request[] {batch[i]}, 1);
        }
      }
    }

    @Override
    public void close() {
      device.close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anyMoment(boolean inTheMiddle) throws IOException {
    KernelModule module = new KernelModule(20, 200, 1, new Random(7));
    module.use(300);
    long bad = inTheMiddle ? module.newest() - 4 : module.newest();
    module.damage(bad);
    byte[] expected = module.history.get(bad - 1);
    boolean died = true;
    for (int changes = 0; died; changes++) {
      try (BlockDevice backing = Contents.of(module.backing);
          BlockDevice cache = Contents.of(module.cache)) {
        died = adoptionDies(backing, cache, changes, inTheMiddle);
        for (int life = 0; life < 2; life++) {
          // What has to be salvaged at first may not have to be any more.
          try (Volume volume = KernelVolumes.adopt(backing, cache, inTheMiddle)) {
            assertThat(Contents.read(volume)).as("after %d changes", changes).isEqualTo(expected);
            volume.stop();
          }
        }
        try (Volume volume = KernelVolumes.resume(backing, cache)) {
          assertThat(Contents.read(volume)).as("after %d changes", changes).isEqualTo(expected);
        }
      }
    }
  }

  private static boolean adoptionDies(
      BlockDevice backing, BlockDevice cache, int changes, boolean salvage) throws IOException {
    try (Volume volume = KernelVolumes.adopt(backing, new DyingDevice(cache, changes), salvage)) {
      assertThat(volume.adopted()).isTrue();
      return false;
    } catch (IOException dead) {
      return true;
    }
  }
}
