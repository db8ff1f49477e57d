package writeboost.fuzz;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static writeboost.layout.Geometry.BLOCK;
import static writeboost.layout.Geometry.SECTOR;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.TreeSet;
import writeboost.layout.Crc32c;
import writeboost.layout.Geometry;
import writeboost.layout.SegmentHeader;

/**
 * Changes a few bytes, or many, of a cache device, where it hurts. Afterwards the checksums over
 * them may be made right again, so that the checks behind them are reached.
 */
final class Mutation {

  private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong AS_PRINTED =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);

  private static final int[] SUPERBLOCK_FIELDS = {0, 4, 8, 16, 20, 24, 40, 44, 48, 72, 80, 88, 96};
  private static final int[] RECORD_FIELDS = {0, 8, 16};
  private static final int[] HEADER_FIELDS = {0, 8, 12, 16, 24, 40, 44, 48, 56, 60, 508};
  private static final int[] METABLOCK_FIELDS = {0, 8, 9, 10, 12};

  private final Random random;
  private final Specimen specimen;
  private final Geometry geometry;
  private final ScratchDevice device;
  private final MemorySegment memory;
  private final TreeSet<Integer> slots = new TreeSet<>();
  private boolean superblock;
  private boolean record;

  /** Checksums are right again, so what is there may pass for what was written. */
  final boolean resealed;

  private Mutation(Random random, Specimen specimen) {
    this.random = random;
    this.specimen = specimen;
    this.geometry = specimen.geometry;
    this.device = specimen.cache;
    this.memory = device.memory;
    this.resealed = random.nextInt(5) < 2;
  }

  static Mutation apply(Random random, Specimen specimen) {
    Mutation mutation = new Mutation(random, specimen);
    int count = random.nextInt(5) < 3 ? 1 : 1 + random.nextInt(5);
    for (int i = 0; i < count; i++) {
      mutation.step();
    }
    if (mutation.resealed) {
      mutation.reseal();
    }
    return mutation;
  }

  /** Whether it may look like another superblock now, or none. */
  boolean touchesSuperblock() {
    return superblock;
  }

  private void step() {
    int kind = random.nextInt(100);
    if (kind < 10) {
      superblock = true;
      change(0, SECTOR, 0, SUPERBLOCK_FIELDS);
    } else if (kind < 18) {
      record = true;
      change(Geometry.RECORD_OFFSET, 32, Geometry.RECORD_OFFSET, RECORD_FIELDS);
    } else if (kind < 55) {
      long header = geometry.slotOffset(slot());
      change(header, SECTOR, header, HEADER_FIELDS);
    } else if (kind < 75) {
      long first = geometry.slotOffset(slot()) + SECTOR;
      int lines = geometry.linesPerSegment();
      long metablock = first + 16L * random.nextInt(lines);
      change(first, 16L * lines, metablock, METABLOCK_FIELDS);
    } else if (kind < 90) {
      long line = geometry.lineOffset(slot(), random.nextInt(geometry.linesPerSegment()));
      change(line, BLOCK, line, new int[] {0});
    } else if (kind < 98) {
      move();
    } else {
      long sectors = device.size() / SECTOR;
      device.truncate(SECTOR * random.nextLong(1, sectors + 1));
    }
  }

  private int slot() {
    int slot = specimen.slot(random);
    slots.add(slot);
    return slot;
  }

  /** Something in {@code [from, from + bytes)}, or a field of what begins at {@code base}. */
  private void change(long from, long bytes, long base, int[] fields) {
    long anywhere = from + random.nextLong(bytes);
    long field = base + fields[random.nextInt(fields.length)];
    switch (random.nextInt(8)) {
      case 0, 1 -> set(anywhere, (byte) (memory.get(BYTE, anywhere) ^ 1 << random.nextInt(8)));
      case 2 -> set(anywhere, (byte) random.nextInt());
      case 3 -> set(field, interestingByte());
      case 4 -> {
        device.touch(field, Integer.BYTES);
        memory.set(INT, field, (int) interesting());
      }
      case 5 -> {
        device.touch(field, Long.BYTES);
        memory.set(LONG, field, interesting());
      }
      case 6 -> {
        long end = Math.min(from + bytes, anywhere + 1 + random.nextInt(64));
        for (long at = anywhere; at < end; at++) {
          set(at, (byte) random.nextInt());
        }
      }
      default -> {
        device.touch(from, bytes);
        memory.asSlice(from, bytes).fill((byte) (random.nextInt(3) == 0 ? random.nextInt() : 0));
      }
    }
  }

  private void set(long at, byte value) {
    device.touch(at, 1);
    memory.set(BYTE, at, value);
  }

  private byte interestingByte() {
    int[] values = {0, 1, 2, 3, 4, 7, 8, 10, 11, 0x7F, 0x80, 0xFF, random.nextInt()};
    return (byte) values[random.nextInt(values.length)];
  }

  private long interesting() {
    long newest = memory.get(LONG, geometry.slotOffset(random.nextInt(geometry.segmentCount())));
    long sectors = Specimen.SECTORS;
    long[] values = {
      0,
      1,
      -1,
      Long.MAX_VALUE,
      Long.MIN_VALUE,
      Integer.MAX_VALUE,
      Integer.MIN_VALUE,
      1L << 32,
      1L << 54,
      1L << 60,
      newest,
      newest + 1,
      newest - 1,
      newest + geometry.segmentCount(),
      newest - geometry.segmentCount(),
      sectors,
      sectors - 8,
      sectors * SECTOR,
      geometry.segmentCount(),
      random.nextLong(),
      random.nextInt(100)
    };
    return values[random.nextInt(values.length)];
  }

  /** A sector, a block, or a segment to where another one was. */
  private void move() {
    int from = slot();
    int to = slot();
    long[] sizes = {SECTOR, BLOCK, geometry.segmentBytes()};
    long bytes = sizes[random.nextInt(sizes.length)];
    long source = geometry.slotOffset(from);
    long target = geometry.slotOffset(to);
    device.touch(source, bytes);
    device.touch(target, bytes);
    MemorySegment old = Arena.ofAuto().allocate(bytes).copyFrom(memory.asSlice(target, bytes));
    MemorySegment.copy(memory, source, memory, target, bytes);
    if (random.nextBoolean()) {
      MemorySegment.copy(old, 0, memory, source, bytes);
    }
  }

  // checksums

  private void reseal() {
    if (superblock) {
      device.touch(0, SECTOR);
      memory.set(INT, 508, Crc32c.of(memory, 0, 508));
    }
    if (record) {
      long at = Geometry.RECORD_OFFSET;
      device.touch(at, 32);
      memory.set(INT, at + 16, Crc32c.of(memory, at, 16));
    }
    slots.forEach(this::resealSegment);
  }

  private void resealSegment(int slot) {
    long at = geometry.slotOffset(slot);
    device.touch(at, BLOCK);
    int length = memory.get(BYTE, at + 12) & 0xFF;
    int there = Math.min(length, geometry.linesPerSegment());
    boolean lines = random.nextInt(4) != 0;
    int crc = 0;
    for (int i = 0; i < there; i++) {
      int dataCrc = Crc32c.of(memory, geometry.lineOffset(slot, i), BLOCK);
      crc = Crc32c.combineBlock(crc, dataCrc);
      if (lines) {
        int lineCrc =
            SegmentHeader.lineCrc(
                memory.get(AS_PRINTED, at + 24),
                memory.get(AS_PRINTED, at + 32),
                memory.get(INT, at + 40),
                memory.get(LONG, at),
                i,
                memory,
                at,
                dataCrc);
        SegmentHeader.setLineCrc(memory, at, i, lineCrc);
      }
    }
    memory.set(INT, at + 8, SegmentHeader.segmentChecksum(memory, at, there, crc));
    memory.set(INT, at + 60, Crc32c.of(memory, at + SECTOR, 16L * Math.min(length, 127)));
    memory.set(INT, at + 508, Crc32c.of(memory, at, 508));
  }
}
