package writeboost.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.device.BlockDevice;
import writeboost.layout.UnusableCacheException;
import writeboost.volume.Volume;
import writeboost.volume.VolumeOptions.KernelCache;

/** Caches that the real module wrote hold what the real module found in them. */
@Timeout(120)
final class KernelImagesTest {

  @ParameterizedTest
  @ValueSource(strings = {"plain", "wrap", "readcache", "bad-data"})
  void adopted(String set) throws IOException {
    KernelImage image = new KernelImage(set);
    try (BlockDevice backing = KernelImage.inMemory(image.backing());
        BlockDevice cache = KernelImage.inMemory(image.cache())) {
      boolean salvage = set.equals("bad-data");
      try (Volume volume = KernelVolumes.adopt(backing, cache, salvage)) {
        assertThat(Contents.sha256(volume)).isEqualTo(image.expectedSha256());
        volume.stop();
      }
      for (int life = 0; life < 2; life++) {
        try (Volume volume = KernelVolumes.resume(backing, cache)) {
          assertThat(Contents.sha256(volume)).isEqualTo(image.expectedSha256());
          volume.stop();
        }
      }
      try (Volume volume = KernelVolumes.resume(backing, cache)) {
        KernelVolumes.drain(volume);
        volume.stop();
      }
      assertThat(Contents.sha256(backing)).isEqualTo(image.expectedSha256());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "wrap", "readcache", "bad-data"})
  void writtenBack(String set) throws IOException {
    KernelImage image = new KernelImage(set);
    try (BlockDevice backing = KernelImage.inMemory(image.backing());
        BlockDevice cache = KernelImage.inMemory(image.cache())) {
      boolean salvage = set.equals("bad-data");
      for (int time = 0; time < 2; time++) {
        try (Volume volume = KernelVolumes.open(backing, cache, KernelCache.WRITE_BACK, salvage)) {
          assertThat(volume.snapshot().dirtyLines() == 0).isEqualTo(time == 1);
          KernelVolumes.drain(volume);
          volume.stop();
        }
        assertThat(Contents.sha256(backing)).isEqualTo(image.expectedSha256());
      }
    }
  }

  @Test
  void wholeSegmentsBehindABadOneAreNotDroppedUnasked() throws IOException {
    KernelImage image = new KernelImage("bad-data");
    try (BlockDevice backing = KernelImage.inMemory(image.backing());
        BlockDevice cache = KernelImage.inMemory(image.cache())) {
      byte[] before = Contents.read(cache);
      String backingBefore = Contents.sha256(backing);
      assertThatThrownBy(() -> KernelVolumes.adopt(backing, cache, false))
          .isInstanceOf(UnusableCacheException.class)
          .hasMessageContaining("segment 150 is damaged, and segment 151 behind it is whole")
          .hasMessageContaining("--salvage");
      assertThat(Contents.read(cache)).isEqualTo(before);
      assertThat(Contents.sha256(backing)).isEqualTo(backingBefore);
      try (Volume volume = KernelVolumes.adopt(backing, cache, true)) {
        assertThat(volume.recovery().last()).isEqualTo(149);
        assertThat(volume.recovery().newest()).isEqualTo(154);
        assertThat(volume.recovery().notUsed()).hasSize(6).last().asString().contains("154");
      }
    }
  }
}
