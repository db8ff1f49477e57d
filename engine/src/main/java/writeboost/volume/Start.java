package writeboost.volume;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.LongFunction;
import writeboost.device.Blocking;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.index.ZeroRanges;
import writeboost.layout.ChecksumLayout;
import writeboost.layout.Geometry;
import writeboost.layout.RecordSector;
import writeboost.layout.Superblock;
import writeboost.log.Log;
import writeboost.log.Recovery;
import writeboost.log.Rules;
import writeboost.log.SegmentRing;

/**
 * From a formatted cache device to a core that takes requests, and the mark that a clean stop
 * leaves behind. One thread; waits for its I/O.
 */
public final class Start {

  /**
   * A core and what its start has found.
   *
   * @param memoryBytes that the core has been given, touched or not
   */
  public record Started(Core core, Recovery.Result recovery, long memoryBytes) {
    /** Of the volume, in bytes. */
    public long size() {
      return recovery.superblock().backingSizeBytes();
    }
  }

  /** Bytes of data that a line holds. */
  public static final int LINE_BYTES = Geometry.BLOCK;

  private Start() {}

  /**
   * Resumes from {@code cache}, which has to be formatted.
   *
   * @param readOnly nothing is written to any device
   * @param ramBufferCount segments in RAM, at least 2
   * @param memory gives zeroed memory of so many bytes, aligned to 4096
   * @throws writeboost.layout.UnusableCacheException if the cache is not what it should be, or
   *     damaged
   */
  public static Started resume(
      Blocking cache, boolean readOnly, int ramBufferCount, LongFunction<MemorySegment> memory)
      throws IOException {
    return resume(cache, readOnly, ramBufferCount, memory, Rules.ALL);
  }

  /** As {@link #resume}, with some safeguards left out; for tests of the tests. */
  public static Started resume(
      Blocking cache,
      boolean readOnly,
      int ramBufferCount,
      LongFunction<MemorySegment> memory,
      Rules rules)
      throws IOException {
    MemorySegment block = memory.apply(Geometry.BLOCK);
    cache.read(0, block);
    Superblock superblock = Superblock.decode(block);
    Geometry geometry = superblock.geometry();

    long lines = geometry.lineCount();
    long coreBytes = CoreMemory.bytes(geometry, ramBufferCount);
    SegmentRing ring = new SegmentRing(geometry, memory.apply(SegmentRing.bytes(geometry)), rules);
    LineTable table = new LineTable(memory.apply(LineTable.bytes(lines)), lines);
    BlockIndex index = new BlockIndex(table, memory.apply(BlockIndex.bytes(lines)));
    ZeroRanges zeroes = new ZeroRanges();
    CoreMemory coreMemory = CoreMemory.cut(memory.apply(coreBytes), geometry, ramBufferCount);

    MemorySegment oneSegment = coreMemory.ramBuffers().asSlice(0, geometry.segmentBytes());
    Recovery.Result found =
        new Recovery(cache, superblock, readOnly, ring, table, index, zeroes, oneSegment).run();
    Log log =
        new Log(
            ChecksumLayout.INSTANCE,
            geometry,
            ring,
            table,
            index,
            zeroes,
            coreMemory.ramBuffers(),
            found.superblock().incarnation(),
            found.dirtyLines());
    Core.Configuration configuration =
        new Core.Configuration(
            superblock.backingSizeBytes(), readOnly, superblock.uuidHigh(), superblock.uuidLow());
    Core core = new Core(configuration, log, coreMemory);
    return new Started(core, found, perLineBytes(geometry) + coreBytes);
  }

  /** Memory that grows with the cache: line table, index, ring. */
  public static long perLineBytes(Geometry geometry) {
    long lines = geometry.lineCount();
    return LineTable.bytes(lines) + BlockIndex.bytes(lines) + SegmentRing.bytes(geometry);
  }

  /**
   * Notes on the cache device that everything before the core's durable position is durable, and
   * what is written back. Only after {@link Core#stop} has been answered without error, and before
   * the devices are closed.
   *
   * @param superblock of this life
   * @param block 4096 bytes, aligned to 4096
   */
  public static void recordCleanStop(
      Blocking cache, Superblock superblock, Core core, MemorySegment block) throws IOException {
    Core.Snapshot end = core.snapshot();
    RecordSector.encode(block, end.writtenBackId());
    cache.write(Geometry.RECORD_BLOCK_OFFSET, block, 0, Geometry.BLOCK);
    cache.flush();
    Recovery.writeSuperblock(cache, superblock.withClean(end.newestId() + 1, 0), block);
    cache.flush();
  }
}
