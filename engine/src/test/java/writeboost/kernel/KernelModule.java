package writeboost.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * A model of how the kernel module (2.2) uses its two devices, made of byte arrays and nothing of
 * the engine: writes go to a segment in RAM, segments to the cache device, and old ones to the
 * backing device before their slot is used again.
 */
final class KernelModule {

  static final int SECTOR = 512;
  static final int BLOCK = 4096;
  static final int LINES = 127;
  static final int REGION = 1 << 20;
  static final int SEGMENT = 512 << 10;
  static final int RECORD = 2047 * SECTOR;

  /** The newest copy of a block. */
  private record Place(long id, int line) {}

  private static final class Line {
    final int block;
    final byte[] data = new byte[BLOCK];
    int dirty;

    Line(int block) {
      this.block = block;
    }
  }

  final int slots;
  final byte[] backing;
  final byte[] cache;

  /** What a client sees. */
  final byte[] logical;

  /** What it saw when a segment had been written, by id. */
  final TreeMap<Long, byte[]> history = new TreeMap<>();

  private final TreeMap<Integer, Place> index = new TreeMap<>();
  private final TreeMap<Long, List<Line>> segments = new TreeMap<>();
  private final Random random;
  private long current;
  private long writtenBack;

  KernelModule(int slots, int backingBlocks, long firstId, Random random) {
    this.slots = slots;
    this.random = random;
    backing = new byte[backingBlocks * BLOCK];
    random.nextBytes(backing);
    logical = backing.clone();
    cache = new byte[REGION + slots * SEGMENT + (random.nextBoolean() ? 44 * SECTOR : 0)];
    putInt(cache, 0, 0x57427374);
    for (long id = Math.max(1, firstId - slots); id < firstId; id++) {
      encode(id, List.of());
    }
    current = firstId;
    writtenBack = firstId - 1;
    history.put(writtenBack, logical.clone());
    segments.put(current, new ArrayList<>());
  }

  /** Writes some sectors of one block. */
  void write(int block, int from, int count) {
    Line line = line(block, count == 8);
    byte[] data = new byte[count * SECTOR];
    random.nextBytes(data);
    System.arraycopy(data, 0, line.data, from * SECTOR, data.length);
    System.arraycopy(data, 0, logical, block * BLOCK + from * SECTOR, data.length);
    line.dirty |= ((1 << count) - 1) << from;
  }

  private Line line(int block, boolean full) {
    Place place = index.get(block);
    if (place != null && place.id == current) {
      Line line = segments.get(current).get(place.line);
      line.dirty = line.dirty == 0 ? 255 : line.dirty; // a copy for reading is complete
      return line;
    }
    Line line = newLine(block);
    if (place != null && !full) {
      Line old = segments.get(place.id).get(place.line);
      if (place.id > writtenBack && old.dirty != 0) {
        line.dirty = old.dirty;
        System.arraycopy(old.data, 0, line.data, 0, BLOCK);
        old.dirty = 0; // in RAM; on the device it stays as it was written
      }
    }
    return line;
  }

  private Line newLine(int block) {
    if (segments.get(current).size() == LINES) {
      flush();
    }
    Line line = new Line(block);
    random.nextBytes(line.data); // what the RAM buffer held before
    index.put(block, new Place(current, segments.get(current).size()));
    segments.get(current).add(line);
    return line;
  }

  /** A read that misses is kept. */
  void read(int block) {
    if (!index.containsKey(block)) {
      Line line = newLine(block);
      System.arraycopy(backing, block * BLOCK, line.data, 0, BLOCK);
    }
  }

  /** Writes the current segment to the cache device, full or not, and begins the next one. */
  void flush() {
    encode(current, segments.get(current));
    history.put(current, logical.clone());
    current++;
    writeBack(current - slots);
    List<Line> evicted = segments.remove(current - slots);
    long evictedId = current - slots;
    if (evicted != null) {
      index.values().removeIf(place -> place.id == evictedId);
    }
    segments.put(current, new ArrayList<>());
  }

  void writeBack(long upTo) {
    for (; writtenBack < upTo; writtenBack++) {
      for (Line line : segments.getOrDefault(writtenBack + 1, List.of())) {
        for (int i = 0; i < 8; i++) {
          if ((line.dirty & 1 << i) != 0) {
            System.arraycopy(
                line.data, i * SECTOR, backing, line.block * BLOCK + i * SECTOR, SECTOR);
          }
        }
        line.dirty = 0;
      }
    }
  }

  long writtenBack() {
    return writtenBack;
  }

  /** The newest segment on the cache device. */
  long newest() {
    return current - 1;
  }

  void record(long id) {
    ByteBuffer.wrap(cache).order(ByteOrder.LITTLE_ENDIAN).putLong(RECORD, id);
  }

  int offset(long id) {
    return REGION + (int) ((id - 1) % slots) * SEGMENT;
  }

  private void encode(long id, List<Line> lines) {
    int at = offset(id);
    Arrays.fill(cache, at, at + BLOCK, (byte) 0);
    ByteBuffer bytes = ByteBuffer.wrap(cache).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < lines.size(); i++) {
      bytes.putLong(at + SECTOR + 16 * i, lines.get(i).block * 8L);
      bytes.put(at + SECTOR + 16 * i + 8, (byte) lines.get(i).dirty);
      System.arraycopy(lines.get(i).data, 0, cache, at + BLOCK * (1 + i), BLOCK);
    }
    bytes.putLong(at, id);
    bytes.put(at + 12, (byte) lines.size());
    CRC32C crc = new CRC32C();
    crc.update(cache, at + SECTOR, BLOCK - SECTOR + BLOCK * lines.size());
    putInt(cache, at + 8, (int) crc.getValue());
  }

  /** Makes every checksum one of the versions before 2.0.2. */
  void invertChecksums() {
    ByteBuffer bytes = ByteBuffer.wrap(cache).order(ByteOrder.LITTLE_ENDIAN);
    for (int slot = 0; slot < slots; slot++) {
      int at = REGION + slot * SEGMENT + 8;
      bytes.putInt(at, ~bytes.getInt(at));
    }
  }

  /** Damages the data, or the metablocks where there is none. */
  void damage(long id) {
    int length = cache[offset(id) + 12];
    cache[offset(id) + (length == 0 ? SECTOR + 3000 : BLOCK + 17)] ^= 4;
  }

  private static void putInt(byte[] bytes, int at, int value) {
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
  }

  /** Any amount of use. */
  void use(int steps) {
    int blocks = backing.length / BLOCK;
    for (int i = 0; i < steps; i++) {
      int block = random.nextInt(random.nextBoolean() ? blocks : Math.min(blocks, 40));
      switch (random.nextInt(40)) {
        case 0 -> flush();
        case 1 -> writeBack(Math.max(writtenBack, newest() - random.nextInt(slots)));
        case 2, 3, 4 -> read(block);
        case 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 -> {
          int from = random.nextInt(8);
          write(block, from, 1 + random.nextInt(8 - from));
        }
        default -> write(block, 0, 8);
      }
    }
    flush();
  }
}
