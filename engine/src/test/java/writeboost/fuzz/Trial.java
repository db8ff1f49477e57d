package writeboost.fuzz;

import static writeboost.layout.Geometry.BLOCK;
import static writeboost.layout.Geometry.SECTOR;
import static writeboost.layout.Geometry.SECTORS_PER_BLOCK;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import writeboost.device.Blocking;
import writeboost.device.Operation;
import writeboost.inspect.CacheContents;
import writeboost.inspect.Check;
import writeboost.inspect.Damage;
import writeboost.inspect.LogRange;
import writeboost.inspect.SegmentContents;
import writeboost.layout.FormatDecision;
import writeboost.layout.Geometry;
import writeboost.layout.Superblock;
import writeboost.layout.UnusableCacheException;
import writeboost.layout.UnusableCacheException.Kind;
import writeboost.volume.Start;

/**
 * One mutated specimen through everything that reads a cache: dump, check, resume for reading,
 * resume for writing, write-back, resume again. One thread.
 */
final class Trial {

  /** What came of it, for the statistics. */
  enum Outcome {
    REFUSED,
    READ_ERRORS,
    SERVED
  }

  private static final String NAME = "cache";

  private final Memory memory;
  private final MemorySegment block = Arena.ofAuto().allocate(BLOCK, BLOCK);
  private final MemorySegment region =
      Arena.ofAuto().allocate(2L * Geometry.SUPERBLOCK_REGION, BLOCK);

  /** The newest, and whether it is about the pairing, of which a check knows nothing. */
  private String refusal = "";

  private boolean ofPairing;

  Trial(Memory memory) {
    this.memory = memory;
  }

  Outcome run(Specimen specimen, Random random) {
    specimen.restore();
    Mutation mutation = Mutation.apply(random, specimen);
    Blocking cache = new Blocking(specimen.cache, NAME);
    dump(cache);
    Check.Result checked = check(cache);
    boolean sound = checked != null && checked.sound();
    boolean truthful = !mutation.resealed;
    if (mutation.touchesSuperblock()) {
      requireNoFormat(specimen);
    }

    long[] readOnly = resumeAndRead(specimen, cache, truthful, checked);
    if (readOnly == null) {
      require(!sound || ofPairing, "the check says it is sound, and it is refused: " + refusal);
      return Outcome.REFUSED;
    }
    boolean lost = contains(readOnly, Versions.LOST);
    require(!(sound && lost), "read errors, and the check says it is sound");
    live(specimen, cache, random, truthful, readOnly);
    return lost ? Outcome.READ_ERRORS : Outcome.SERVED;
  }

  static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new AssertionError(otherwise);
    }
  }

  private static boolean contains(long[] versions, long version) {
    for (long one : versions) {
      if (one == version) {
        return true;
      }
    }
    return false;
  }

  // dump and check

  /** Looks at everything that there is to look at. */
  private void dump(Blocking cache) {
    memory.reset();
    try {
      CacheContents contents = CacheContents.open(cache, memory::take);
      SegmentContents segment = contents.segment();
      LogRange.find(contents, segment, (done, atMost) -> {});
      for (int slot = 0; slot < contents.geometry().segmentCount(); slot++) {
        segment.readHeader(slot);
        for (int i = 0; i < segment.length(); i++) {
          var _ = segment.blocks(i) + segment.lost(i) + segment.mask(i) + segment.sector(i);
          var _ = segment.fitsBacking(i);
        }
      }
    } catch (IOException e) {
      requireClear(e);
    }
  }

  /** Null if there is nothing that could be verified. */
  private Check.Result check(Blocking cache) {
    memory.reset();
    List<Damage> damages = new ArrayList<>();
    try {
      Check.Result result =
          Check.run(CacheContents.open(cache, memory::take), damage -> damages.add(damage));
      require(result.damages() == damages.size(), "damages are not counted right");
      return result;
    } catch (IOException e) {
      requireClear(e);
      return null;
    }
  }

  private void requireClear(IOException e) {
    refusal = String.valueOf(e.getMessage());
    ofPairing = e instanceof UnusableCacheException found && found.kind() == Kind.DIFFERENT;
    require(!refusal.contains("\n") && refusal.length() > 10, "no clear message: " + refusal);
  }

  // resume

  private void requireNoFormat(Specimen specimen) {
    ScratchDevice device = specimen.cache;
    if (device.size() < Geometry.SUPERBLOCK_REGION) {
      return;
    }
    long half = Geometry.SUPERBLOCK_REGION;
    MemorySegment first = region.asSlice(0, half);
    MemorySegment last = region.asSlice(half, half);
    first.copyFrom(device.memory.asSlice(0, half));
    last.copyFrom(device.memory.asSlice(device.size() - half, half));
    boolean format = FormatDecision.of(first, last, false) instanceof FormatDecision.Format;
    require(!format, "a damaged cache would be formatted");
  }

  /** As serving it would, without opening files; null if it is refused. */
  private Start.Started resume(Specimen specimen, Blocking cache, boolean readOnly) {
    memory.reset();
    try {
      cache.read(0, block);
      Superblock superblock = Superblock.decode(block);
      superblock.requireMatch(
          specimen.geometry.order(), cache.device().size(), specimen.backing.size(), 7, 7);
      return Start.resume(cache, readOnly, Specimen.RAM_BUFFERS, memory::take);
    } catch (IOException e) {
      requireClear(e);
      return null;
    }
  }

  private long[] resumeAndRead(
      Specimen specimen, Blocking cache, boolean truthful, Check.Result checked) {
    Start.Started started = resume(specimen, cache, true);
    if (started == null) {
      return null;
    }
    if (checked != null && checked.sound()) {
      require(started.recovery().last() == checked.last(), "check and resume end elsewhere");
    }
    CoreLoop loop = new CoreLoop(started.core(), specimen.cache, specimen.backing);
    long[] found = read(loop);
    judge(specimen, found, truthful);
    return found;
  }

  private static void judge(Specimen specimen, long[] found, boolean truthful) {
    if (!truthful) {
      return;
    }
    if (specimen.complete) {
      require(specimen.versions.isLast(found), "something is missing after a clean stop");
    } else {
      require(specimen.versions.isPrefix(found), "this was never the state of the volume");
    }
  }

  private long[] read(CoreLoop loop) {
    long[] found = new long[Specimen.SECTORS];
    for (int sector = 0; sector < found.length; sector += SECTORS_PER_BLOCK) {
      if (loop.run(Operation.READ, 0, (long) sector * SECTOR, block, BLOCK) == 0) {
        for (int k = 0; k < SECTORS_PER_BLOCK; k++) {
          found[sector + k] = Versions.of(block, (long) k * SECTOR, sector + k);
        }
        continue;
      }
      for (int k = 0; k < SECTORS_PER_BLOCK; k++) {
        int error = loop.run(Operation.READ, 0, (long) (sector + k) * SECTOR, block, SECTOR);
        found[sector + k] = error == 0 ? Versions.of(block, 0, sector + k) : Versions.LOST;
      }
    }
    return found;
  }

  // a life

  /** Of a cache that may pass for another one, only that it ends in no other way is asked. */
  private void live(
      Specimen specimen, Blocking cache, Random random, boolean truthful, long[] readOnly) {
    Start.Started started = resume(specimen, cache, false);
    require(started != null || !truthful, "refused for writing, but not for reading: " + refusal);
    if (started == null) {
      return;
    }
    CoreLoop loop = new CoreLoop(started.core(), specimen.cache, specimen.backing);
    long[] found = read(loop);
    long[] expected = found.clone();
    write(specimen, loop, random, expected);
    long[] writtenBack = read(loop);
    if (random.nextBoolean()) {
      loop.stop();
    }
    Start.Started again = resume(specimen, cache, random.nextBoolean());
    require(again != null || !truthful, "refused after a life: " + refusal);
    if (again == null) {
      return;
    }
    long[] next = read(new CoreLoop(again.core(), specimen.cache, specimen.backing));
    if (truthful) {
      requireSame(specimen, readOnly, found, "read-only and afterwards");
      requireSame(specimen, expected, writtenBack, "before and after write-back");
      requireSame(specimen, writtenBack, next, "in one life and the next");
      requireLegalBacking(specimen, writtenBack);
    }
  }

  /** Some blocks, a barrier, and time for write-back; {@code found} is brought up to date. */
  private void write(Specimen specimen, CoreLoop loop, Random random, long[] found) {
    long version = specimen.nextVersion();
    int writes = random.nextInt(6);
    for (int i = 0; i < writes; i++, version++) {
      int count = random.nextInt(3) == 0 ? 1 + random.nextInt(7) : SECTORS_PER_BLOCK;
      int first = SECTORS_PER_BLOCK * random.nextInt(Specimen.BLOCKS);
      int sector = first + random.nextInt(SECTORS_PER_BLOCK - count + 1);
      Versions.fill(block, 0, sector, count, version);
      long offset = (long) sector * SECTOR;
      int error = loop.run(Operation.WRITE, 0, offset, block, (long) count * SECTOR);
      if (error == 0) {
        java.util.Arrays.fill(found, sector, sector + count, version);
      }
    }
    require(loop.flush() == 0, "a barrier failed");
    loop.tick();
    loop.tick();
  }

  /**
   * What could not be read may come back, as what it was: an overwrite of the rest of its line ends
   * the doubt about sectors that the line never held.
   */
  private static void requireSame(Specimen specimen, long[] before, long[] after, String when) {
    for (int i = 0; i < before.length; i++) {
      boolean same =
          before[i] == after[i] || before[i] == Versions.LOST && specimen.mayHold(i, after[i]);
      require(same, "sector %d: %d and %d, %s".formatted(i, before[i], after[i], when));
    }
  }

  /** Nothing is written back that nobody wrote. */
  private static void requireLegalBacking(Specimen specimen, long[] found) {
    MemorySegment memory = specimen.backing.memory;
    for (int i = 0; i < found.length; i++) {
      long version = Versions.of(memory, (long) i * SECTOR, i);
      require(
          version == found[i] || specimen.versions.everHeld(i, version),
          "sector %d of the backing device holds %d".formatted(i, version));
    }
  }
}
