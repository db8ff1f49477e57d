package writeboost.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import writeboost.device.BlockDevice;
import writeboost.layout.Formatter;
import writeboost.volume.Volume;
import writeboost.volume.VolumeOptions;
import writeboost.volume.VolumeOptions.KernelCache;

/** Volumes over caches that the kernel module wrote, or that look so. */
final class KernelVolumes {

  private static final long RAM_BYTES = 4 << 20;

  private KernelVolumes() {}

  static Volume adopt(BlockDevice backing, BlockDevice cache, boolean salvage) throws IOException {
    return open(backing, cache, KernelCache.ADOPT, salvage);
  }

  /** As a later start, which does not ask for anything. */
  static Volume resume(BlockDevice backing, BlockDevice cache) throws IOException {
    return open(backing, cache, KernelCache.REFUSE, false);
  }

  static Volume open(
      BlockDevice backing, BlockDevice cache, KernelCache kernelCache, boolean salvage)
      throws IOException {
    VolumeOptions options =
        new VolumeOptions(10, false, RAM_BYTES, false, false, "cache", "backing")
            .withKernelCache(kernelCache)
            .withSalvage(salvage);
    return Volume.open(backing, cache, options, Formatter.Progress.NONE);
  }

  /** Until the backing device has everything; on devices in memory that takes no waiting. */
  static void drain(Volume volume) {
    volume.drain();
    while (!volume.snapshot().isDrained()) {
      assertThat(volume.snapshot().backingTrouble()).isEmpty();
      Thread.onSpinWait();
    }
  }
}
