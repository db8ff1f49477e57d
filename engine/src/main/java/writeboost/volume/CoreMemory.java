package writeboost.volume;

import java.lang.foreign.MemorySegment;
import writeboost.layout.Geometry;
import writeboost.writeback.Writeback;

/**
 * The memory that a core works in, cut from one zeroed segment that is aligned to 4096 bytes.
 *
 * @param ramBuffers segments in RAM
 * @param writeback what write-back reads into and writes from
 * @param bounces lines on their way to callers
 * @param record one block
 */
public record CoreMemory(
    MemorySegment ramBuffers,
    MemorySegment writeback,
    MemorySegment bounces,
    MemorySegment record) {

  /** Bytes that {@link #cut} needs. */
  public static long bytes(Geometry geometry, int ramBufferCount) {
    return (long) ramBufferCount * geometry.segmentBytes()
        + Writeback.bytes(geometry)
        + BouncePool.bytes()
        + Geometry.BLOCK;
  }

  public static CoreMemory cut(MemorySegment memory, Geometry geometry, int ramBufferCount) {
    long ramBytes = (long) ramBufferCount * geometry.segmentBytes();
    long writebackAt = ramBytes;
    long bouncesAt = writebackAt + Writeback.bytes(geometry);
    long recordAt = bouncesAt + BouncePool.bytes();
    return new CoreMemory(
        memory.asSlice(0, ramBytes),
        memory.asSlice(writebackAt, Writeback.bytes(geometry)),
        memory.asSlice(bouncesAt, BouncePool.bytes()),
        memory.asSlice(recordAt, Geometry.BLOCK));
  }
}
