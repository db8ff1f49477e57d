package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.device.Blocking;
import writeboost.device.MemoryDevice;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.LapHeader;
import writeboost.layout.LapLayout;
import writeboost.layout.LapSuperblock;
import writeboost.layout.RecordSector;
import writeboost.layout.UnusableCacheException;

/** Caches of layout v1 as the module of 2013 may have left them, put together by hand. */
@Timeout(60)
final class LapVolumeTest {

  private static final int ORDER = 5;
  private static final int LINES = 3;
  private static final int SLOTS = 100;
  private static final int BLOCKS = 400;
  private static final Geometry GEOMETRY =
      new Geometry(ORDER, Geometry.SUPERBLOCK_REGION + ((long) SLOTS << ORDER + 9));

  private final Arena arena = Arena.ofShared();
  private final MemorySegment block = arena.allocate(Geometry.BLOCK);
  private final MemoryDevice backingDevice = new MemoryDevice((long) BLOCKS * Geometry.BLOCK);
  private final MemoryDevice cacheDevice = new MemoryDevice(GEOMETRY.cacheSizeBytes());
  private final Blocking backing = new Blocking(backingDevice, "backing");
  private final Blocking cache = new Blocking(cacheDevice, "cache");

  LapVolumeTest() throws IOException {
    new LapSuperblock(ORDER).encode(block);
    cache.write(0, block);
  }

  @AfterEach
  void close() {
    backingDevice.close();
    cacheDevice.close();
    arena.close();
  }

  // building one

  private void record(long id) throws IOException {
    RecordSector.encodeBare(block, id);
    cache.write(Geometry.RECORD_BLOCK_OFFSET, block);
  }

  /** A full segment whose line i holds block 3 * (id mod 100) + i with the content id. */
  private void segment(long id) throws IOException {
    segment(id, GEOMETRY.lap(id));
  }

  /** The same with another lap in its last metablock. */
  private void segment(long id, long lastLap) throws IOException {
    for (int i = 0; i < LINES; i++) {
      cache.write(GEOMETRY.lineOffset(GEOMETRY.slot(id), i), block.fill((byte) id));
    }
    LapHeader.clear(block, 0);
    LapHeader.encode(block, 0, id, LINES, GEOMETRY.lap(id));
    for (int i = 0; i < LINES; i++) {
      long lap = i == LINES - 1 ? lastLap : GEOMETRY.lap(id);
      LapHeader.encodeMetablock(block, 0, i, 8L * blockOf(id, i), 0xFF, lap);
    }
    cache.write(GEOMETRY.slotOffset(GEOMETRY.slot(id)), block);
  }

  private static long blockOf(long id, int i) {
    return LINES * (id % SLOTS) + i;
  }

  /** One line. */
  private void segment(long id, long sector, int mask, int content) throws IOException {
    cache.write(GEOMETRY.lineOffset(GEOMETRY.slot(id), 0), block.fill((byte) content));
    LapHeader.clear(block, 0);
    LapHeader.encode(block, 0, id, 1, GEOMETRY.lap(id));
    LapHeader.encodeMetablock(block, 0, 0, sector, mask, GEOMETRY.lap(id));
    cache.write(GEOMETRY.slotOffset(GEOMETRY.slot(id)), block);
  }

  private Volume open() throws IOException {
    return open(false);
  }

  private Volume open(boolean salvage) throws IOException {
    VolumeOptions options =
        new VolumeOptions(ORDER, false, 1 << 17, false, false, "cache", "backing")
            .withSalvage(salvage)
            .withLayout(LapLayout.INSTANCE);
    return Volume.open(backingDevice, cacheDevice, options, Formatter.Progress.NONE);
  }

  private int at(Volume volume, long number) throws IOException {
    new Blocking(volume, "volume").read(number * Geometry.BLOCK, block);
    byte first = block.get(ValueLayout.JAVA_BYTE, 0);
    assertThat(block.get(ValueLayout.JAVA_BYTE, Geometry.BLOCK - 1)).isEqualTo(first);
    return first;
  }

  private void assertHolds(Volume volume, long from, long to) throws IOException {
    for (long id = from; id <= to; id++) {
      for (int i = 0; i < LINES; i++) {
        assertThat(at(volume, blockOf(id, i))).as("segment %d", id).isEqualTo((byte) id);
      }
    }
  }

  // tests

  @Test
  void whatIsNotWrittenBackIsThere() throws Exception {
    record(2);
    for (long id = 1; id <= 5; id++) {
      segment(id);
    }
    try (Volume volume = open()) {
      assertThat(volume.recovery().record()).isEqualTo(2);
      assertThat(volume.recovery().newest()).isEqualTo(5);
      assertHolds(volume, 3, 5);
      assertThat(at(volume, blockOf(2, 0))).isZero();
    }
  }

  @Test
  void aRecordThatNewerLapsHaveGoneOver() throws Exception {
    record(3);
    for (long id = 151; id <= 250; id++) {
      segment(id);
    }
    try (Volume volume = open()) {
      assertThat(volume.recovery().record()).isEqualTo(150);
      assertHolds(volume, 151, 250);
    }
    cache.read(Geometry.RECORD_BLOCK_OFFSET, block);
    assertThat(RecordSector.decode(block).id()).isGreaterThanOrEqualTo(150);
  }

  /** The module had written 151 back before it began to write 251 over it. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theOldestHeaderMayBeTheTornOne(boolean firstSectorIsNew) throws Exception {
    for (long id = 151; id <= 250; id++) {
      segment(id);
    }
    segment(firstSectorIsNew ? 251 : 151, GEOMETRY.lap(firstSectorIsNew ? 151 : 251));
    try (Volume volume = open()) {
      assertThat(volume.recovery().record()).isEqualTo(151);
      assertThat(volume.recovery().newest()).isEqualTo(250);
      assertHolds(volume, 152, 250);
    }
    try (Volume volume = open()) {
      assertHolds(volume, 152, 250);
    }
  }

  @Test
  void whatLiesBehindAHoleNeverComesBack() throws Exception {
    segment(1);
    segment(2);
    segment(3, 7);
    segment(4);
    segment(5);
    try (Volume volume = open()) {
      assertThat(volume.recovery().newest()).isEqualTo(2);
      assertHolds(volume, 1, 2);
      assertThat(at(volume, blockOf(4, 0))).isZero();
      Blocking device = new Blocking(volume, "volume");
      device.write(0, block.fill((byte) 77));
      device.flush(); // segment 3, whole
    }
    try (Volume volume = open()) {
      assertThat(volume.recovery().newest()).isEqualTo(3);
      assertThat(at(volume, 0)).isEqualTo(77);
      assertThat(at(volume, blockOf(4, 0))).isZero();
      assertThat(at(volume, blockOf(5, 0))).isZero();
    }
  }

  @Test
  void moreBehindAHoleThanACrashLeavesIsDamage() throws Exception {
    for (long id = 1; id <= 90; id++) {
      segment(id, id == 10 ? 9 : 1);
    }
    assertThatThrownBy(this::open)
        .isInstanceOf(UnusableCacheException.class)
        .hasMessageContaining("segment 10 is damaged")
        .hasMessageContaining("--salvage");
    try (Volume volume = open(true)) {
      assertHolds(volume, 1, 9);
      assertThat(volume.recovery().notUsed()).hasSize(1);
    }
  }

  /** The module writes the older sectors to the backing device, but not always durably. */
  @Test
  void sectorsThatOnlyAnOlderLineHasAreWrittenBackToo() throws Exception {
    segment(1, 80, 0xFF, 1);
    segment(2, 80, 0x01, 2);
    try (Volume volume = open()) {
      volume.drain();
      while (!volume.snapshot().isDrained()) {
        Thread.onSpinWait();
      }
      backing.read(10 * Geometry.BLOCK, block);
      assertThat(block.get(ValueLayout.JAVA_BYTE, 511)).isEqualTo((byte) 2);
      assertThat(block.get(ValueLayout.JAVA_BYTE, 512)).isEqualTo((byte) 1);
    }
  }

  @Test
  void aLineThatWasPassedOverMayNameAnything() throws Exception {
    segment(1, -1, 0, 1);
    segment(2);
    try (Volume volume = open()) {
      assertHolds(volume, 2, 2);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {8L * BLOCKS, -8, 4, Long.MIN_VALUE})
  void aLineThatCannotBeForThisBackingDevice(long sector) throws Exception {
    segment(1);
    segment(2, sector, 0x10, 1);
    assertThatThrownBy(this::open)
        .isInstanceOf(UnusableCacheException.class)
        .hasMessageContaining("segment 2 line 0 cannot be for this backing device");
  }

  @Test
  void anImpossibleRecord() throws Exception {
    segment(1);
    record(102);
    assertThatThrownBy(this::open).hasMessageContaining("the record names segment 102");
    record(-1);
    assertThatThrownBy(this::open).hasMessageContaining("sector 2047");
  }
}
