package writeboost.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.layout.UnusableCacheException;
import writeboost.volume.Volume;
import writeboost.volume.VolumeOptions.KernelCache;

/** Caches in the form of the kernel module that an independent model wrote, whole and damaged. */
@Timeout(240)
final class KernelCachesTest {

  private static KernelModule used(long seed) {
    Random random = new Random(seed);
    int slots = 2 + random.nextInt(9);
    KernelModule module =
        new KernelModule(slots, 500 + random.nextInt(1500), firstId(random), random);
    module.use(random.nextInt(3000));
    return module;
  }

  /** A cache that never was full, and one after many laps. */
  private static long firstId(Random random) {
    return random.nextBoolean() ? 1 : 1 + random.nextInt(1 << 30);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void anyUse(long seed) throws IOException {
    KernelModule module = used(seed);
    Random random = new Random(seed + 1000);
    switch (random.nextInt(3)) {
      case 0 -> module.record(module.writtenBack());
      case 1 -> module.record(module.writtenBack() / 2);
      default -> {}
    }
    if (random.nextInt(3) == 0) {
      module.invertChecksums();
    }
    assertHolds(module, module.logical, false);
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23, 24, 25, 26})
  void theNewestSegmentHalfWritten(long seed) throws IOException {
    KernelModule module = used(seed);
    long newest = module.newest();
    if (newest <= module.writtenBack()) {
      module.use(10);
      newest = module.newest();
    }
    module.damage(newest);
    assertHolds(module, module.history.get(newest - 1), false);
  }

  @ParameterizedTest
  @ValueSource(longs = {31, 32, 33, 34})
  void theRecordAheadOfAllSegments(long seed) throws IOException {
    KernelModule module = used(seed);
    module.writeBack(module.newest());
    module.record(module.newest() + 1);
    assertHolds(module, module.logical, false);
  }

  @Test
  void aCacheThatWasNeverWrittenTo() throws IOException {
    KernelModule module = new KernelModule(5, 100, 1, new Random(1));
    assertHolds(module, module.backing, false);
  }

  /** Nothing is to be told from it: what it names is on the backing device already. */
  @Test
  void aBadSegmentBelowTheRecord() throws IOException {
    KernelModule module = new KernelModule(6, 400, 1, new Random(2));
    module.use(2000);
    module.writeBack(module.newest() - 2);
    module.record(module.newest() - 2);
    module.damage(module.newest() - 3);
    assertHolds(module, module.logical, false);
    try (BlockDevice backing = Contents.of(module.backing);
        BlockDevice cache = Contents.of(module.cache);
        Volume volume = KernelVolumes.adopt(backing, cache, false)) {
      assertThat(volume.recovery().newest()).isEqualTo(module.newest());
    }
  }

  /** Whatever was whole behind the bad one must not come back, however often we start. */
  @ParameterizedTest
  @ValueSource(longs = {41, 42, 43, 44})
  void aBadSegmentInTheMiddle(long seed) throws IOException {
    // The log does not wrap: older lines that the dropped ones supersede are still there.
    KernelModule module = new KernelModule(60, 300, firstId(new Random(seed)), new Random(seed));
    module.use(900);
    for (int i = 0; i < 5; i++) {
      module.write(i, i, 2); // what is behind the bad one is not on the backing device yet
      module.flush();
    }
    long bad = module.newest() - 3;
    module.damage(bad);
    refused(module, "segment " + bad + " is damaged");
    assertHolds(module, module.history.get(bad - 1), true);
    try (BlockDevice backing = Contents.of(module.backing);
        BlockDevice cache = Contents.of(module.cache);
        Volume volume = KernelVolumes.adopt(backing, cache, true)) {
      assertThat(volume.recovery().newest()).isEqualTo(module.newest());
      assertThat(volume.recovery().notUsed()).hasSize(5).last().asString().contains("" + (bad + 3));
    }
  }

  @Test
  void anIdThatFitsNothing() throws IOException {
    KernelModule module = new KernelModule(12, 300, 1, new Random(3));
    module.use(100);
    module.write(3, 0, 8);
    module.flush();
    module.cache[module.offset(module.newest()) + 6] ^= 1;
    refused(module, "belongs elsewhere");
    assertHolds(module, module.history.get(module.newest() - 1), true);
  }

  @Test
  void aRecordThatCannotBe() throws IOException {
    KernelModule module = new KernelModule(7, 300, 1, new Random(4));
    module.use(1000);
    module.record(1L << 40);
    refused(module, "the record says");
    module.record(-1);
    refused(module, "the record");
    assertHolds(module, module.logical, true);
  }

  @Test
  void aSegmentForAnotherBackingDevice() throws IOException {
    KernelModule module = new KernelModule(7, 300, 1, new Random(5));
    module.write(299, 7, 1);
    module.flush();
    byte[] shorter = Arrays.copyOf(module.backing, module.backing.length - KernelModule.SECTOR);
    try (BlockDevice backing = Contents.of(shorter);
        BlockDevice cache = Contents.of(module.cache)) {
      assertThatThrownBy(() -> KernelVolumes.adopt(backing, cache, true))
          .isInstanceOf(UnusableCacheException.class)
          .hasMessageContaining("right backing device");
      assertThat(Contents.read(cache)).isEqualTo(module.cache);
    }
  }

  /** As if it had been used again after we had it. */
  @Test
  void aModuleThatGoesOnWithOurCache() throws IOException {
    KernelModule module = new KernelModule(7, 300, 1, new Random(6));
    module.use(200);
    try (BlockDevice backing = Contents.of(module.backing);
        BlockDevice cache = Contents.of(module.cache)) {
      try (Volume volume = KernelVolumes.adopt(backing, cache, false)) {
        volume.stop();
      }
      module.write(5, 0, 8);
      module.flush();
      int at = module.offset(module.newest());
      Contents.write(cache, at, Arrays.copyOfRange(module.cache, at, at + KernelModule.SEGMENT));
      byte[] before = Contents.read(cache);
      assertThatThrownBy(() -> KernelVolumes.open(backing, cache, KernelCache.REFUSE, true))
          .hasMessageContaining("kernel module has written segment " + module.newest());
      assertThat(Arrays.mismatch(Contents.read(cache), before)).isBetween(0, 511);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {51, 52, 53})
  void adoptedThenUsedCrashedAndUsedAgain(long seed) throws IOException {
    KernelModule module = used(seed);
    Random random = new Random(seed);
    byte[] model = module.logical.clone();
    BlockDevice backing = Contents.of(module.backing);
    BlockDevice cache = Contents.of(module.cache);
    for (int life = 0; life < 6; life++) {
      Volume volume =
          life == 0
              ? KernelVolumes.adopt(backing, cache, false)
              : KernelVolumes.resume(backing, cache);
      assertThat(Contents.read(volume)).as("seed %d life %d", seed, life).isEqualTo(model);
      int writes = random.nextInt(life == 0 ? 60 : 700);
      for (int i = 0; i < writes; i++) {
        byte[] data = new byte[(1 + random.nextInt(16)) * KernelModule.SECTOR];
        random.nextBytes(data);
        int sectors = (model.length - data.length) / KernelModule.SECTOR;
        int at = random.nextInt(sectors) * KernelModule.SECTOR;
        Contents.write(volume, at, data);
        System.arraycopy(data, 0, model, at, data.length);
      }
      new Blocking(volume, "volume").flush();
      // Power is lost: what the devices hold at this moment is what the next life finds.
      byte[] cacheNow = Contents.read(cache);
      byte[] backingNow = Contents.read(backing);
      volume.close();
      cache.close();
      backing.close();
      cache = Contents.of(cacheNow);
      backing = Contents.of(backingNow);
    }
    cache.close();
    backing.close();
  }

  private static void refused(KernelModule module, String says) throws IOException {
    try (BlockDevice backing = Contents.of(module.backing);
        BlockDevice cache = Contents.of(module.cache)) {
      for (KernelCache way : new KernelCache[] {KernelCache.ADOPT, KernelCache.WRITE_BACK}) {
        assertThatThrownBy(() -> KernelVolumes.open(backing, cache, way, false))
            .isInstanceOf(UnusableCacheException.class)
            .hasMessageContaining(says)
            .hasMessageContaining("--salvage");
      }
      assertThat(Contents.read(cache)).isEqualTo(module.cache);
      assertThat(Contents.read(backing)).isEqualTo(module.backing);
    }
  }

  /** Served, served again, and written back by either way. */
  private static void assertHolds(KernelModule module, byte[] expected, boolean salvage)
      throws IOException {
    try (BlockDevice backing = Contents.of(module.backing);
        BlockDevice cache = Contents.of(module.cache)) {
      try (Volume volume = KernelVolumes.adopt(backing, cache, salvage)) {
        assertThat(Contents.read(volume)).as("adopted").isEqualTo(expected);
        volume.stop();
      }
      try (Volume volume = KernelVolumes.resume(backing, cache)) {
        assertThat(Contents.read(volume)).as("resumed").isEqualTo(expected);
        KernelVolumes.drain(volume);
        volume.stop();
      }
      assertThat(Contents.read(backing)).as("drained").isEqualTo(expected);
    }
    try (BlockDevice backing = Contents.of(module.backing);
        BlockDevice cache = Contents.of(module.cache)) {
      try (Volume volume = KernelVolumes.open(backing, cache, KernelCache.WRITE_BACK, salvage)) {
        assertThat(Contents.read(volume)).as("borrowed").isEqualTo(expected);
        KernelVolumes.drain(volume);
        volume.stop();
      }
      assertThat(Contents.read(backing)).as("written back").isEqualTo(expected);
      byte[] after = Contents.read(cache);
      for (int i = KernelModule.RECORD; i < KernelModule.RECORD + 8; i++) {
        after[i] = module.cache[i];
      }
      assertThat(after).as("the rest of the cache device").isEqualTo(module.cache);
    }
  }
}
