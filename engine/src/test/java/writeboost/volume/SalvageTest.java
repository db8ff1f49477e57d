package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.Errno;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.UnusableCacheException;

/** What comes before damage is used where the user says so, once and for good. */
@Timeout(60)
final class SalvageTest {

  private static final int ORDER = 4;

  /** Of one line each. */
  private static final int SEGMENTS = 90;

  private static final Geometry GEOMETRY = new Geometry(ORDER, 2 << 20);

  @ParameterizedTest
  @ValueSource(ints = {1, 7, SEGMENTS - 1})
  void theLogBeforeADamagedHeader(int damaged) throws IOException {
    try (RefusingDevice backing = new RefusingDevice(1 << 20);
        BlockDevice cache = new MemoryDevice(GEOMETRY.cacheSizeBytes())) {
      backing.refuse(Errno.EIO, request -> request.operation == Operation.WRITE);
      write(backing, cache);
      poke(cache, GEOMETRY.slotOffset(damaged - 1) + 300);
      refused(backing, cache);
      refused(backing, cache);
      try (Volume volume = open(backing, cache, true)) {
        assertHolds(volume, damaged - 1);
        assertThat(volume.recovery().notUsed())
            .hasSize(1 + SEGMENTS - damaged)
            .last()
            .asString()
            .contains("segment " + SEGMENTS);
        new Blocking(volume, "volume").flush();
      }
      for (int life = 0; life < 2; life++) {
        try (Volume volume = open(backing, cache, false)) {
          assertHolds(volume, damaged - 1);
          assertThat(volume.recovery().notUsed()).isEmpty();
          volume.stop();
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void allThatIsThereWhereTheRecordIsDamaged(boolean cleanlyStopped) throws IOException {
    try (RefusingDevice backing = new RefusingDevice(1 << 20);
        BlockDevice cache = new MemoryDevice(GEOMETRY.cacheSizeBytes())) {
      backing.refuse(Errno.EIO, request -> request.operation == Operation.WRITE);
      write(backing, cache);
      if (cleanlyStopped) {
        try (Volume volume = open(backing, cache, false)) {
          volume.stop();
        }
      }
      poke(cache, Geometry.RECORD_OFFSET + 9);
      refused(backing, cache);
      try (Volume volume = open(backing, cache, true)) {
        assertHolds(volume, SEGMENTS);
        assertThat(volume.recovery().notUsed()).hasSize(1);
      }
      try (Volume volume = open(backing, cache, false)) {
        assertHolds(volume, SEGMENTS);
        volume.stop();
      }
    }
  }

  private static void refused(BlockDevice backing, BlockDevice cache) {
    assertThatThrownBy(() -> open(backing, cache, false))
        .isInstanceOf(UnusableCacheException.class)
        .hasMessageContaining("--salvage");
  }

  private static void write(BlockDevice backing, BlockDevice cache) throws IOException {
    try (Volume volume = open(backing, cache, false);
        Arena arena = Arena.ofShared()) {
      Blocking device = new Blocking(volume, "volume");
      MemorySegment data = arena.allocate(Geometry.BLOCK);
      for (int i = 0; i < SEGMENTS; i++) {
        device.write((long) i * Geometry.BLOCK, data.fill((byte) (i + 1)));
        device.flush();
      }
    }
  }

  private static void assertHolds(Volume volume, int blocks) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(Geometry.BLOCK);
      for (int i = 0; i < SEGMENTS; i++) {
        new Blocking(volume, "volume").read((long) i * Geometry.BLOCK, data);
        byte expected = (byte) (i < blocks ? i + 1 : 0);
        assertThat(data.get(ValueLayout.JAVA_BYTE, 77)).as("block %d", i).isEqualTo(expected);
      }
    }
  }

  private static void poke(BlockDevice cache, long at) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      Blocking device = new Blocking(cache, "cache");
      MemorySegment sector = arena.allocate(Geometry.SECTOR);
      long offset = at - at % Geometry.SECTOR;
      device.read(offset, sector);
      long within = at - offset;
      byte old = sector.get(ValueLayout.JAVA_BYTE, within);
      sector.set(ValueLayout.JAVA_BYTE, within, (byte) (old ^ 1));
      device.write(offset, sector);
    }
  }

  private static Volume open(BlockDevice backing, BlockDevice cache, boolean salvage)
      throws IOException {
    VolumeOptions options =
        new VolumeOptions(ORDER, false, 1 << 16, false, false, "cache", "backing")
            .withSalvage(salvage);
    return Volume.open(backing, cache, options, Formatter.Progress.NONE);
  }
}
