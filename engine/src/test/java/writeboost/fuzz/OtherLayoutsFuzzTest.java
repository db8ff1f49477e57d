package writeboost.fuzz;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static writeboost.layout.Geometry.BLOCK;
import static writeboost.layout.Geometry.SECTOR;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import writeboost.device.Blocking;
import writeboost.device.Operation;
import writeboost.inspect.CacheContents;
import writeboost.inspect.Check;
import writeboost.inspect.SegmentContents;
import writeboost.layout.Crc32c;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.LapSuperblock;
import writeboost.layout.SegmentHeader;
import writeboost.layout.Superblock;
import writeboost.log.Rules;
import writeboost.volume.Start;

/**
 * Damaged caches of the kernel module and of the layout of 2013: a refusal or a volume, with
 * salvage too; never a stack trace, an endless loop or memory without bounds. As {@link FuzzTest}.
 */
final class OtherLayoutsFuzzTest {

  private static final long RUNS = Long.getLong("fuzz.runs", 10_000) / 10;
  private static final long SEED = Long.getLong("fuzz.seed", 20_261_122);
  private static final int BLOCKS = 64;
  private static final int SLOTS = 5;
  private static final int KERNEL_ORDER = 10;
  private static final int LAP_ORDER = 5;

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);

  private final Memory memory = new Memory();
  private final MemorySegment block = Arena.ofAuto().allocate(BLOCK, BLOCK);
  private final ScratchDevice backing = new ScratchDevice((long) BLOCKS * BLOCK);

  private interface Opening {
    Start.Started open(Blocking cache) throws IOException;
  }

  // what lies there

  /** Segments of some lines each, as the module writes them; one and a half laps. */
  private static ScratchDevice kernelCache(Geometry geometry) {
    ScratchDevice cache = new ScratchDevice(geometry.cacheSizeBytes());
    MemorySegment memory = cache.memory;
    memory.set(INT, 0, Superblock.MAGIC);
    memory.set(LONG, Geometry.RECORD_OFFSET, 3);
    Random random = new Random(1);
    for (long id = 1; id <= SLOTS + 2; id++) {
      long at = geometry.slotOffset(geometry.slot(id));
      memory.asSlice(at, geometry.segmentBytes()).fill((byte) 0);
      int length = random.nextInt(8);
      for (int i = 0; i < length; i++) {
        memory.set(LONG, at + 512 + 16L * i, 8L * random.nextInt(BLOCKS));
        memory.set(
            BYTE, at + 520 + 16L * i, (byte) (random.nextBoolean() ? 255 : random.nextInt()));
      }
      int crc = Crc32c.of(memory, at + BLOCK, (long) length * BLOCK);
      memory.set(LONG, at, id);
      memory.set(BYTE, at + 12, (byte) length);
      memory.set(INT, at + 8, SegmentHeader.segmentChecksum(memory, at, length, crc));
    }
    cache.keep();
    return cache;
  }

  private ScratchDevice lapCache(Geometry geometry) throws IOException {
    ScratchDevice cache = new ScratchDevice(geometry.cacheSizeBytes());
    Blocking device = new Blocking(cache, "cache");
    Formatter.format(
        device, new LapSuperblock(LAP_ORDER), Formatter.Clearing.NOTHING, Formatter.Progress.NONE);
    memory.reset();
    use(laps(geometry, false).open(device), cache, new Random(1), 40);
    cache.keep();
    return cache;
  }

  private Opening laps(Geometry geometry, boolean salvage) {
    return cache ->
        Start.resumeLaps(
            cache, geometry, backing.size(), false, 4, memory::take, salvage, Rules.ALL);
  }

  // the tests

  @Test
  void theKernelModules() throws IOException {
    Geometry geometry =
        new Geometry(
            KERNEL_ORDER, Geometry.SUPERBLOCK_REGION + SLOTS * ((long) SECTOR << KERNEL_ORDER));
    ScratchDevice cache = kernelCache(geometry);
    Superblock fresh = Superblock.create(geometry, new UUID(1, 2), backing.size(), 0, 0);
    Blocking backingNow = new Blocking(backing, "backing");
    fuzz(
        cache,
        geometry,
        512,
        random -> {
          boolean salvage = random.nextBoolean();
          return random.nextInt(3) == 0
              ? device ->
                  Start.borrow(
                      device, backingNow, fresh, salvage, 4, memory::take, Formatter.Progress.NONE)
              : device ->
                  Start.adopt(
                      device, backingNow, fresh, salvage, 4, memory::take, Formatter.Progress.NONE);
        });
  }

  @Test
  void theLayoutOf2013() throws IOException {
    Geometry geometry =
        new Geometry(LAP_ORDER, Geometry.SUPERBLOCK_REGION + 24 * ((long) SECTOR << LAP_ORDER));
    fuzz(lapCache(geometry), geometry, 0, random -> laps(geometry, random.nextBoolean()));
  }

  private interface Openings {
    Opening next(Random random);
  }

  private void fuzz(ScratchDevice cache, Geometry geometry, int checksumFrom, Openings openings)
      throws IOException {
    int opened = 0;
    for (long seed = SEED; seed < SEED + RUNS; seed++) {
      Random random = new Random(seed);
      cache.restore();
      backing.restore();
      try {
        mutate(cache, geometry, checksumFrom, random);
        opened += run(cache, random, openings.next(random)) ? 1 : 0;
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("seed %d: %s".formatted(seed, e), e);
      }
    }
    System.out.printf("seeds %d to %d: %d opened%n", SEED, SEED + RUNS - 1, opened);
    Trial.require(opened > 0 || RUNS < 100, "nothing was ever opened");
  }

  private static void mutate(
      ScratchDevice cache, Geometry geometry, int checksumFrom, Random random) {
    int count = 1 + random.nextInt(4);
    for (int i = 0; i < count; i++) {
      long header = geometry.slotOffset(random.nextInt(geometry.segmentCount()));
      long at =
          switch (random.nextInt(10)) {
            case 0 -> random.nextInt(8);
            case 1, 2 -> Geometry.RECORD_OFFSET + random.nextInt(8);
            case 3, 4, 5 -> header + random.nextInt(32);
            case 6 -> header + random.nextInt(3 * BLOCK);
            default -> header + 512 + random.nextInt(160);
          };
      cache.touch(at, Long.BYTES);
      switch (random.nextInt(4)) {
        case 0 -> cache.memory.set(LONG, at, random.nextLong() >> random.nextInt(64));
        case 1 -> cache.memory.set(BYTE, at, (byte) random.nextInt());
        case 2 -> cache.memory.set(LONG, at, random.nextInt(12));
        default ->
            cache.memory.set(
                BYTE, at, (byte) (cache.memory.get(BYTE, at) ^ 1 << random.nextInt(8)));
      }
      if (checksumFrom > 0 && random.nextBoolean()) {
        reseal(cache, geometry, header);
      }
    }
    if (random.nextInt(50) == 0) {
      cache.truncate(SECTOR * random.nextLong(1, cache.size() / SECTOR + 1));
    }
  }

  private static void reseal(ScratchDevice cache, Geometry geometry, long header) {
    int length = Math.min(cache.memory.get(BYTE, header + 12) & 0xFF, geometry.linesPerSegment());
    cache.touch(header, BLOCK);
    int crc = Crc32c.of(cache.memory, header + BLOCK, (long) length * BLOCK);
    int sum = SegmentHeader.segmentChecksum(cache.memory, header, length, crc);
    cache.memory.set(INT, header + 8, sum);
  }

  /** True if it was not refused. */
  private boolean run(ScratchDevice cache, Random random, Opening opening) {
    Blocking device = new Blocking(cache, "cache");
    try {
      memory.reset();
      CacheContents contents = CacheContents.open(device, memory::take);
      SegmentContents segment = contents.segment();
      for (int slot = 0; slot < contents.geometry().segmentCount(); slot++) {
        segment.readHeader(slot);
        for (int i = 0; i < segment.length(); i++) {
          var _ = segment.blocks(i) + segment.mask(i) + segment.sector(i) + segment.lap();
        }
      }
      Check.run(contents, damage -> {});
      memory.reset();
      use(opening.open(device), cache, random, 4);
      return true;
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      Trial.require(!message.contains("\n") && message.length() > 10, "no clear message");
      return false;
    }
  }

  /** Reads all of it, writes some, lets write-back go on, and reads again. */
  private void use(Start.Started started, ScratchDevice cache, Random random, int writes) {
    CoreLoop loop = new CoreLoop(started.core(), cache, backing);
    read(loop);
    for (int i = 0; i < writes; i++) {
      long offset = (long) random.nextInt(BLOCKS) * BLOCK;
      loop.run(Operation.WRITE, 0, offset, block.fill((byte) i), BLOCK);
    }
    loop.flush();
    loop.tick();
    loop.tick();
    read(loop);
    loop.stop();
  }

  private void read(CoreLoop loop) {
    for (int i = 0; i < BLOCKS; i++) {
      loop.run(Operation.READ, 0, (long) i * BLOCK, block, BLOCK);
    }
  }
}
