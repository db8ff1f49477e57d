package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import writeboost.device.Blocking;
import writeboost.layout.FormatDecision.Format;
import writeboost.layout.FormatDecision.Refuse;
import writeboost.layout.FormatDecision.Resume;
import writeboost.layout.FormatDecision.ResumeLaps;
import writeboost.layout.Formatter.Clearing;
import writeboost.layout.UnusableCacheException.Kind;

final class FormatterTest {
  private static final int ORDER = 6;
  private static final int TAIL = 512;
  private static final int SIZE = (1 << 20) + 9 * (512 << ORDER) + TAIL;
  private static final Geometry GEOMETRY = new Geometry(ORDER, SIZE);
  private static final Superblock OLD =
      Superblock.create(GEOMETRY, new UUID(1, 1), 1 << 30, 0, 0).withIncarnation(5);
  private static final Superblock NEW = Superblock.create(GEOMETRY, new UUID(2, 2), 1 << 30, 0, 0);
  private static final int SEEDS = 6;

  /** What a device held before the format. */
  enum Before {
    ZEROES,
    OUR_CACHE,
    FOREIGN
  }

  @ParameterizedTest
  @EnumSource(Clearing.class)
  void leavesAnEmptyCache(Clearing clearing) throws Exception {
    byte[] contents = contents(clearing == Clearing.NOTHING ? Before.ZEROES : Before.FOREIGN);
    VolatileDisk disk = new VolatileDisk(contents, true);
    long[] progress = new long[2];
    Formatter.format(
        new Blocking(disk, "disk"),
        NEW,
        clearing,
        (done, total) -> {
          assertThat(done).isBetween(progress[0], total);
          progress[0] = done;
          progress[1] = total;
        });
    assertThat(progress[0]).isEqualTo(progress[1]);
    MemorySegment found = disk.afterCrash(1);
    assertThat(decide(found)).isEqualTo(new Resume(NEW));
    assertThat(problem(found, Before.FOREIGN)).isNull();
  }

  @Test
  void leavesAnEmptyCacheOfLayoutOne() throws Exception {
    VolatileDisk disk = new VolatileDisk(contents(Before.OUR_CACHE), true);
    LapSuperblock superblock = new LapSuperblock(ORDER);
    Formatter.format(
        new Blocking(disk, "disk"), superblock, Clearing.HEADERS, Formatter.Progress.NONE);
    MemorySegment found = disk.afterCrash(1);
    assertThat(decide(found)).isEqualTo(new ResumeLaps(superblock));
    assertThat(Bytes.areZero(found, 5, Geometry.SUPERBLOCK_REGION)).isTrue();
    for (int slot = 0; slot < GEOMETRY.segmentCount(); slot++) {
      long at = GEOMETRY.slotOffset(slot);
      assertThat(Bytes.areZero(found, at, at + 4096)).isTrue();
    }
  }

  @Test
  void aDeviceThatCannotZeroIsClearedHeaderByHeader() throws Exception {
    VolatileDisk disk = new VolatileDisk(contents(Before.FOREIGN), false);
    Formatter.format(new Blocking(disk, "disk"), NEW, Clearing.WHOLE_LOG, (done, total) -> {});
    assertThat(problem(disk.afterCrash(1), Before.FOREIGN)).isNull();
  }

  @Test
  void aDeviceThatIsTooSmallIsNotTouched() {
    byte[] contents = contents(Before.FOREIGN);
    byte[] shorter = java.util.Arrays.copyOf(contents, SIZE - 512);
    Blocking disk = new Blocking(new VolatileDisk(shorter, true), "disk");
    assertThatThrownBy(() -> Formatter.format(disk, NEW, Clearing.HEADERS, (done, total) -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("disk has");
    assertThat(shorter).isEqualTo(java.util.Arrays.copyOf(contents, SIZE - 512));
  }

  /**
   * After a crash at any request the old cache is whole, or the format can be done again, or the
   * new cache is whole.
   */
  @ParameterizedTest
  @EnumSource(Before.class)
  void survivesACrashAtEveryRequest(Before before) {
    for (Clearing clearing : new Clearing[] {Clearing.WHOLE_LOG, Clearing.HEADERS}) {
      int crashes = 0;
      for (boolean crashed = true; crashed; crashes++) {
        crashed = false;
        for (int seed = 0; seed < SEEDS; seed++) {
          VolatileDisk disk = new VolatileDisk(contents(before), true).crashingAfter(crashes);
          crashed |= !format(disk, clearing);
          String problem = problem(disk.afterCrash(seed), before);
          assertThat(problem)
              .as("%s, crash at request %d, seed %d", clearing, crashes, seed)
              .isNull();
        }
      }
      assertThat(crashes).isGreaterThan(6);
    }
  }

  /** Each of the three flushes is needed: the test above sees it when one is missing. */
  @Test
  void everyFlushIsNeeded() {
    for (int lie = 0; lie < 3; lie++) {
      boolean seen = false;
      for (int crash = 1; crash < 40 && !seen; crash++) {
        for (int seed = 0; seed < SEEDS && !seen; seed++) {
          VolatileDisk disk =
              new VolatileDisk(contents(Before.OUR_CACHE), true)
                  .crashingAfter(crash)
                  .lyingAfter(lie);
          boolean finished = format(disk, Clearing.HEADERS);
          MemorySegment found = disk.afterCrash(seed);
          boolean promised = finished && !decide(found).equals(new Resume(NEW));
          seen = promised || problem(found, Before.OUR_CACHE) != null;
        }
      }
      assertThat(seen).as("without flush %d", lie).isTrue();
    }
  }

  private static boolean format(VolatileDisk disk, Clearing clearing) {
    try {
      Formatter.format(new Blocking(disk, "disk"), NEW, clearing, (done, total) -> {});
      return true;
    } catch (IOException e) {
      assertThat(disk.crashed()).isTrue();
      return false;
    }
  }

  /** What is wrong with a device on which a format was begun, or null. */
  private static @Nullable String problem(MemorySegment found, Before before) {
    return switch (decide(found)) {
      case Format() -> null;
      case Resume(Superblock superblock) ->
          superblock.equals(NEW)
              ? leftOver(found)
              : found.mismatch(MemorySegment.ofArray(contents(before))) < 0
                  ? null
                  : "the old cache was touched";
      case ResumeLaps _ -> "a cache of another layout";
      case Refuse(UnusableCacheException reason) ->
          before == Before.FOREIGN
                  && (reason.kind() == Kind.FOREIGN || reason.kind() == Kind.UNFINISHED_FORMAT)
              ? null
              : reason.getMessage();
    };
  }

  private static @Nullable String leftOver(MemorySegment found) {
    MemorySegment record = found.asSlice(Geometry.RECORD_BLOCK_OFFSET, 4096);
    if (!RecordSector.decode(record).equals(new RecordSector(RecordSector.State.PRESENT, 0))) {
      return "the record is not 0";
    }
    for (int slot = 0; slot < GEOMETRY.segmentCount(); slot++) {
      long at = GEOMETRY.slotOffset(slot);
      if (!Bytes.areZero(found, at, at + 4096)) {
        return "the header in slot " + slot + " is not clear";
      }
    }
    return null;
  }

  private static FormatDecision decide(MemorySegment found) {
    return FormatDecision.of(found.asSlice(0, 1 << 20), found.asSlice(SIZE - (1 << 20)), false);
  }

  private static byte[] contents(Before before) {
    byte[] contents = new byte[SIZE];
    if (before == Before.FOREIGN) {
      new Random(7).nextBytes(contents);
    } else if (before == Before.OUR_CACHE) {
      MemorySegment memory = MemorySegment.ofArray(contents);
      OLD.encode(memory);
      RecordSector.encode(memory.asSlice(Geometry.RECORD_BLOCK_OFFSET, 4096), 3);
      for (int slot = 0; slot < GEOMETRY.segmentCount(); slot++) {
        SegmentHeader.encodeEmpty(memory, GEOMETRY.slotOffset(slot), slot + 1, 1, 1, 5, 0, 0);
      }
      contents[SIZE - 1] = 1;
    }
    return contents;
  }
}
