package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.MemoryDevice;
import writeboost.layout.ChecksumLayout;
import writeboost.layout.Formatter;
import writeboost.layout.LapLayout;
import writeboost.layout.Layout;

/** A workload whose status line was worked out by hand. */
class StatusLineTest {

  private static final int SECTOR = 512;
  private static final int BLOCK = 4096;

  /** 64 KiB: a header and 15 lines. */
  private static final int ORDER = 7;

  private static final int SEGMENTS = 16;
  private static final long CACHE_BYTES = (1 << 20) + SEGMENTS * (512L << ORDER);

  private static final Tunables TUNABLES =
      Tunables.STANDARD
          .with(Tunable.ALLOW_MIGRATE, 0)
          .with(Tunable.ENABLE_MIGRATION_MODULATOR, 0)
          .with(Tunable.MIGRATE_THRESHOLD, 55)
          .with(Tunable.NR_MAX_BATCHED_MIGRATION, 9)
          .with(Tunable.BARRIER_DEADLINE_MS, 1)
          .with(Tunable.UPDATE_RECORD_INTERVAL, 1800)
          .with(Tunable.SYNC_INTERVAL, 3600);

  private static final String PAIRS =
      " 7 barrier_deadline_ms 1 allow_migrate 0 enable_migration_modulator 0 migrate_threshold 55"
          + " nr_cur_batched_migration 1 sync_interval 3600 update_record_interval 1800";

  /**
   * All 16 counters are non-zero, and no two the same.
   *
   * <pre>
   *   kind  0 read                           9     kind  8 read, full size                  13
   *         1 write                          5           9 write, full size                  7
   *         2 read hit                      10          10 read hit, full size              14
   *         3 write hit                      3          11 write hit, full size              4
   *         4 read on buffer                11          12 read on buffer, full size        15
   *         5 write on buffer                1          13 write on buffer, full size        2
   *         6 read hit on buffer            12          14 read hit on buffer, full size    16
   *         7 write hit on buffer            6          15 write hit on buffer, full size    8
   * </pre>
   *
   * Segment 1 takes 15 lines and is full: 6 blocks, 5 sectors, a zero run, and 3 writes into that.
   * Segment 2 takes 7, each of which makes a line of segment 1 clean: 15 + 7 - 7 = 15 dirty lines.
   * The cursor is at line 7 of the second slot: 15 + 7 = 22.
   */
  @Test
  void hasTheNumbersWorkedOutByHand() throws IOException {
    try (Scene scene = new Scene(ChecksumLayout.INSTANCE)) {
      scene.write(0, 6); //              kind 9: 6   lines 0..5 of segment 1
      for (int i = 0; i < 8; i++) {
        scene.write(0, 1); //            kind 15: 8  in place
      }
      for (int block = 6; block < 11; block++) {
        scene.writeSector(block, 0); //  kind 1: 5   lines 6..10
      }
      for (int i = 0; i < 6; i++) {
        scene.writeSector(6, i); //      kind 7: 6   in place
      }
      scene.read(1, 16); //              kind 14: 16
      scene.readSector(1, 12); //        kind 6: 12
      scene.zero(16, 3); //              kind 9: 7   line 11, a run of 3 blocks
      scene.read(16, 15); //             kind 12: 15
      scene.readSector(16, 11); //       kind 4: 11
      scene.write(16, 2); //             kind 13: 2  lines 12 and 13
      scene.writeSector(18, 3); //       kind 5: 1   line 14; segment 1 is full

      scene.write(0, 4); //              kind 11: 4  lines 0..3 of segment 2
      for (int block = 6; block < 9; block++) {
        scene.writeSector(block, 7); //  kind 3: 3   lines 4..6, merged with what was there
      }
      scene.read(4, 14); //              kind 10: 14
      scene.readSector(4, 10); //        kind 2: 10
      scene.read(40, 13); //             kind 8: 13
      scene.readSector(40, 9); //        kind 0: 9
      scene.device.flush(); //           no piece

      assertThat(scene.statusLine())
          .isEqualTo("15 16 0 1 2 22 9 5 10 3 11 1 12 6 13 7 14 4 15 2 16 8" + PAIRS);
    }
  }

  /** As in 2013: what is known of a block is in a line. */
  @Test
  void inTheLayoutOf2013NothingIsOnTheBufferThatIsNoHit() throws IOException {
    try (Scene scene = new Scene(LapLayout.INSTANCE)) {
      scene.zero(16, 3); //         kind 9: 3   lines 0..2
      scene.read(16, 2); //         kind 14: 2
      scene.readSector(17, 4); //   kind 6: 4
      scene.write(16, 1); //        kind 15: 1  in place
      scene.writeSector(18, 3); //  kind 7: 1   in place
      assertThat(scene.statusLine())
          .isEqualTo("3 16 0 0 1 3 0 0 0 0 0 0 4 1 0 3 0 0 0 0 2 1" + PAIRS);
    }
  }

  @Test
  void countersBeginAgainWhenTheyAreCleared() throws IOException {
    try (Scene scene = new Scene(ChecksumLayout.INSTANCE)) {
      scene.write(0, 2);
      scene.volume.clearStatistics();
      scene.read(0, 1);
      assertThat(scene.statusLine())
          .isEqualTo("2 16 0 0 1 2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0" + PAIRS);
    }
  }

  /** A volume over memory, nothing in it. */
  private static final class Scene implements AutoCloseable {

    private final Arena arena = Arena.ofShared();
    private final MemorySegment data = arena.allocate(6 * BLOCK).fill((byte) 5);
    private final BlockDevice backing = new MemoryDevice(1 << 20);
    private final BlockDevice cache = new MemoryDevice(CACHE_BYTES);
    final Volume volume;
    final Blocking device;

    Scene(Layout layout) throws IOException {
      VolumeOptions options =
          new VolumeOptions(ORDER, false, 4 << 20, true, true, "cache", "backing")
              .withLayout(layout)
              .withTunables(TUNABLES);
      volume = Volume.open(backing, cache, options, Formatter.Progress.NONE);
      device = new Blocking(volume, "volume");
    }

    /** One request over so many blocks. */
    void write(int block, int blocks) throws IOException {
      device.write((long) block * BLOCK, data, 0, (long) blocks * BLOCK);
    }

    void writeSector(int block, int sector) throws IOException {
      device.write((long) block * BLOCK + sector * SECTOR, data, 0, SECTOR);
    }

    void zero(int block, int blocks) throws IOException {
      device.writeZeroes((long) block * BLOCK, (long) blocks * BLOCK, 0);
    }

    /** All of a block, so many times. */
    void read(int block, int times) throws IOException {
      for (int i = 0; i < times; i++) {
        device.read((long) block * BLOCK, data.asSlice(0, BLOCK));
      }
    }

    /** The third sector of a block, so many times. */
    void readSector(int block, int times) throws IOException {
      for (int i = 0; i < times; i++) {
        device.read((long) block * BLOCK + 2 * SECTOR, data.asSlice(0, SECTOR));
      }
    }

    String statusLine() {
      return StatusLine.of(volume.snapshot());
    }

    @Override
    public void close() throws IOException {
      volume.stop();
      volume.close();
      backing.close();
      cache.close();
      arena.close();
    }
  }
}
