package writeboost.device;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What the file system says of a file: {@code struct statx}, whose layout is the same on every
 * architecture. One thread at a time.
 *
 * <pre>
 *   0 mask u32 | 20 uid u32 | 28 mode u16 | 32 inode u64 | 40 size u64
 *   128 rdev major u32, minor u32 | 136 dev major u32, minor u32
 *   152 direct I/O: memory alignment u32 | 156 direct I/O: offset alignment u32
 * </pre>
 */
final class FileStatus {
  private static final int BASIC = 0x7ff;
  private static final int DIRECT_ALIGNMENT = 0x2000;
  static final int WANTED = BASIC | DIRECT_ALIGNMENT;

  private static final int BYTES = 256;
  private static final int MASK = 0;
  private static final int USER = 20;
  private static final int MODE = 28;
  private static final int INODE = 32;
  private static final int SIZE = 40;
  private static final int SPECIAL_DEVICE = 128;
  private static final int DEVICE = 136;
  private static final int MEMORY_ALIGNMENT = 152;
  private static final int OFFSET_ALIGNMENT = 156;

  private static final int TYPE_MASK = 0xf000;
  private static final int REGULAR = 0x8000;
  private static final int BLOCK_DEVICE = 0x6000;
  private static final int DIRECTORY = 0x4000;

  final MemorySegment memory = Arena.ofAuto().allocate(BYTES, 8);

  boolean isRegular() {
    return type() == REGULAR;
  }

  boolean isBlockDevice() {
    return type() == BLOCK_DEVICE;
  }

  boolean isDirectory() {
    return type() == DIRECTORY;
  }

  /** Access rights, without the type. */
  int permissions() {
    return memory.get(JAVA_SHORT, MODE) & 0xfff;
  }

  int user() {
    return memory.get(JAVA_INT, USER);
  }

  /** Bytes; 0 for a block device. */
  long size() {
    return memory.get(JAVA_LONG, SIZE);
  }

  /** The same for every name of a file, and for every node of a block device. */
  Identity identity() {
    return isBlockDevice()
        ? new Identity(memory.get(JAVA_LONG, SPECIAL_DEVICE), Identity.BLOCK_DEVICE)
        : new Identity(memory.get(JAVA_LONG, DEVICE), memory.get(JAVA_LONG, INODE));
  }

  /** Whether this kernel knows how direct I/O on this file must be aligned. */
  boolean knowsDirectAlignment() {
    return (memory.get(JAVA_INT, MASK) & DIRECT_ALIGNMENT) != 0;
  }

  /** Bytes; 0 if the file does not take direct I/O. */
  int directMemoryAlignment() {
    return memory.get(JAVA_INT, MEMORY_ALIGNMENT);
  }

  /** Bytes; 0 if the file does not take direct I/O. */
  int directOffsetAlignment() {
    return memory.get(JAVA_INT, OFFSET_ALIGNMENT);
  }

  private int type() {
    return memory.get(JAVA_SHORT, MODE) & TYPE_MASK;
  }
}
