package writeboost.volume;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import java.util.function.LongFunction;
import writeboost.device.Blocking;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.index.ZeroRanges;
import writeboost.layout.ChecksumLayout;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.LapLayout;
import writeboost.layout.Layout;
import writeboost.layout.RecordSector;
import writeboost.layout.Superblock;
import writeboost.log.Adoption;
import writeboost.log.KernelScan;
import writeboost.log.LapRecovery;
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
   * @param ramBuffers the part of it that writes go to first, in the order of its use
   */
  public record Started(
      Core core, Recovery.Result recovery, long memoryBytes, MemorySegment ramBuffers) {
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
    return resume(cache, readOnly, ramBufferCount, memory, /* salvage= */ false, rules);
  }

  /**
   * As {@link #resume}.
   *
   * @param salvage a damaged log is used as far as it goes; what is not used is listed
   */
  public static Started resume(
      Blocking cache,
      boolean readOnly,
      int ramBufferCount,
      LongFunction<MemorySegment> memory,
      boolean salvage,
      Rules rules)
      throws IOException {
    MemorySegment block = memory.apply(Geometry.BLOCK);
    cache.read(0, block);
    Superblock superblock = Superblock.decode(block);
    Tables tables = Tables.allocate(superblock.geometry(), ramBufferCount, memory, rules);
    Recovery.Result found =
        new Recovery(
                cache,
                superblock,
                readOnly,
                tables.ring,
                tables.table,
                tables.index,
                tables.zeroes,
                tables.oneSegment(),
                tables.allOtherSegments(),
                salvage)
            .run();
    return tables.start(ChecksumLayout.INSTANCE, found, readOnly);
  }

  /**
   * Resumes from a {@code cache} of layout v1, which says next to nothing about itself.
   *
   * @param geometry of the device, with the order that its superblock says
   * @param backingSizeBytes of the device that the caller takes to be the right one
   * @param readOnly nothing is written to any device
   * @param salvage whole segments behind a damaged one are dropped, and listed, instead of refused
   * @throws writeboost.layout.UnusableCacheException if it is damaged, or cannot be for a backing
   *     device of that size
   */
  public static Started resumeLaps(
      Blocking cache,
      Geometry geometry,
      long backingSizeBytes,
      boolean readOnly,
      int ramBufferCount,
      LongFunction<MemorySegment> memory,
      boolean salvage,
      Rules rules)
      throws IOException {
    Superblock description = Superblock.create(geometry, new UUID(0, 0), backingSizeBytes, 0, 0);
    Tables tables = Tables.allocate(geometry, ramBufferCount, memory, rules);
    Recovery.Result found =
        new LapRecovery(
                cache,
                description,
                readOnly,
                tables.ring,
                tables.table,
                tables.index,
                tables.oneSegment(),
                tables.allOtherSegments(),
                salvage)
            .run();
    return tables.start(LapLayout.INSTANCE, found, readOnly);
  }

  /**
   * Takes over a cache of the kernel module: what only an older line has goes to {@code backing},
   * then the cache becomes ours.
   *
   * @param fresh the superblock that it is to get, of the geometry that the module uses
   * @param salvage what lies behind damage is dropped, and listed, instead of refused
   * @throws writeboost.layout.UnusableCacheException if it cannot be used; nothing was written
   */
  public static Started adopt(
      Blocking cache,
      Blocking backing,
      Superblock fresh,
      boolean salvage,
      int ramBufferCount,
      LongFunction<MemorySegment> memory,
      Formatter.Progress progress)
      throws IOException {
    Tables tables = Tables.allocate(fresh.geometry(), ramBufferCount, memory, Rules.ALL);
    KernelScan.Found found = tables.scan(cache, backing, fresh, salvage, progress);
    found.settle(backing, cache, fresh.uuidHigh(), fresh.uuidLow());
    Superblock adopted =
        new Adoption(cache, fresh, tables.oneSegment().asSlice(0, Geometry.BLOCK)).run(found);
    return tables.start(ChecksumLayout.INSTANCE, Recovery.Result.of(found, adopted), false);
  }

  /**
   * Opens a cache of the kernel module to be written back: the core writes nothing to it and takes
   * no writes. As {@link #adopt}.
   *
   * @param fresh with the geometry that the module uses; goes nowhere
   */
  public static Started borrow(
      Blocking cache,
      Blocking backing,
      Superblock fresh,
      boolean salvage,
      int ramBufferCount,
      LongFunction<MemorySegment> memory,
      Formatter.Progress progress)
      throws IOException {
    Tables tables = Tables.allocate(fresh.geometry(), ramBufferCount, memory, Rules.ALL);
    KernelScan.Found found = tables.scan(cache, backing, fresh, salvage, progress);
    found.settle(backing, cache, fresh.uuidHigh(), fresh.uuidLow());
    return tables.start(ChecksumLayout.INSTANCE, Recovery.Result.of(found, fresh), true);
  }

  /** What a core works with, empty at first. */
  private record Tables(
      SegmentRing ring,
      LineTable table,
      BlockIndex index,
      ZeroRanges zeroes,
      CoreMemory memory,
      long bytes) {

    static Tables allocate(
        Geometry geometry, int ramBufferCount, LongFunction<MemorySegment> memory, Rules rules) {
      long lines = geometry.lineCount();
      long coreBytes = CoreMemory.bytes(geometry, ramBufferCount);
      LineTable table = new LineTable(memory.apply(LineTable.bytes(lines)), lines);
      return new Tables(
          new SegmentRing(geometry, memory.apply(SegmentRing.bytes(geometry)), rules),
          table,
          new BlockIndex(table, memory.apply(BlockIndex.bytes(lines))),
          new ZeroRanges(),
          CoreMemory.cut(memory.apply(coreBytes), geometry, ramBufferCount),
          perLineBytes(geometry) + coreBytes);
    }

    /** Memory to read a segment into, until the core begins. */
    MemorySegment oneSegment() {
      return memory.ramBuffers().asSlice(0, ring.geometry.segmentBytes());
    }

    MemorySegment allOtherSegments() {
      return memory.ramBuffers().asSlice(ring.geometry.segmentBytes());
    }

    KernelScan.Found scan(
        Blocking cache,
        Blocking backing,
        Superblock fresh,
        boolean salvage,
        Formatter.Progress progress)
        throws IOException {
      long backingBytes = backing.device().size();
      return new KernelScan(cache, ring, table, index, backingBytes, oneSegment(), salvage)
          .run(fresh.uuidHigh(), fresh.uuidLow(), progress);
    }

    Started start(Layout layout, Recovery.Result found, boolean readOnly) {
      Superblock superblock = found.superblock();
      Log log =
          new Log(
              layout,
              ring.geometry,
              ring,
              table,
              index,
              zeroes,
              memory.ramBuffers(),
              superblock.incarnation(),
              found.dirtyLines());
      Core.Configuration configuration =
          new Core.Configuration(
              superblock.backingSizeBytes(), readOnly, superblock.uuidHigh(), superblock.uuidLow());
      return new Started(new Core(configuration, log, memory), found, bytes, memory.ramBuffers());
    }
  }

  /** Memory that grows with the cache: line table, index, ring. */
  public static long perLineBytes(Geometry geometry) {
    long lines = geometry.lineCount();
    return LineTable.bytes(lines) + BlockIndex.bytes(lines) + SegmentRing.bytes(geometry);
  }

  /**
   * Notes in a cache of the kernel module, where the module looks for it, that everything up to
   * {@code last} is written back. Only once it is, for good.
   *
   * @param block 4096 bytes, aligned to 4096
   */
  public static void recordForKernel(Blocking cache, long last, MemorySegment block)
      throws IOException {
    RecordSector.encodeBare(block, last);
    cache.write(Geometry.RECORD_BLOCK_OFFSET, block, 0, Geometry.BLOCK);
    cache.flush();
  }

  /**
   * Notes on the cache device what is written back and, where the layout has a place for it, that
   * everything before the core's durable position is durable. Only after {@link Core#stop} has been
   * answered without error, and before the devices are closed.
   *
   * @param superblock of this life
   * @param block 4096 bytes, aligned to 4096
   */
  public static void recordCleanStop(
      Blocking cache, Superblock superblock, Core core, MemorySegment block) throws IOException {
    Snapshot end = core.snapshot();
    core.layout().encodeRecord(block, end.writtenBackId());
    cache.write(Geometry.RECORD_BLOCK_OFFSET, block, 0, Geometry.BLOCK);
    cache.flush();
    if (core.layout() == ChecksumLayout.INSTANCE) {
      // Copies in the last free slot are dropped at resume, so nothing may be promised of them.
      long cleanId = Math.min(end.newestId() + 1, end.writtenBackId() + end.segments());
      Recovery.writeSuperblock(cache, superblock.withClean(cleanId, 0), block);
      cache.flush();
    }
  }
}
