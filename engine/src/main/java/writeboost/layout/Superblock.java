package writeboost.layout;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.UUID;
import writeboost.layout.UnusableCacheException.Kind;

/**
 * Sector 0 of the cache device in layout v2: what cache this is, and what is known about its last
 * stop. Immutable: any thread.
 *
 * <pre>
 *        +0        +4        +8                  +16       +20       +24
 *     0  | magic   | 0       | extension magic   | version | order   | cache UUID ...
 *    32  |  ... UUID         | incarn. | window  | backing size      | backing fingerprint ...
 *    64  |  ... fingerprint  | cache size        | adoptedUpTo       | cleanId           |
 *    96  | lines   | flags   | 0 ...
 *   480  |  ... 0                                                            | CRC-32C   |
 * </pre>
 *
 * The kernel module reads the magic alone. UUID and fingerprint stand in the order in which they
 * are printed; all else is little-endian. The CRC covers everything before it and stays at its
 * place in every version.
 *
 * @param order a segment is 2^order sectors
 * @param uuidHigh the first eight bytes of the UUID that a format gives the cache
 * @param uuidLow the last eight
 * @param incarnation counts the starts; 1 after a format, never near 2^31
 * @param backingSizeBytes size of the backing device that this cache belongs to
 * @param fingerprintHigh first half of what else identifies the backing device; 0 where there is
 *     nothing
 * @param fingerprintLow second half
 * @param cacheSizeBytes size of the cache device when it was formatted; slots depend on it
 * @param window W of {@link Geometry}
 * @param adoptedUpTo newest segment id that the kernel module wrote, 0 if none
 * @param flags features that a reader must know; none exist so far
 * @param cleanId since the last clean stop: everything before line {@code cleanLines} of this
 *     segment is durable; else 0
 * @param cleanLines see {@code cleanId}
 */
public record Superblock(
    int order,
    long uuidHigh,
    long uuidLow,
    int incarnation,
    long backingSizeBytes,
    long fingerprintHigh,
    long fingerprintLow,
    long cacheSizeBytes,
    int window,
    long adoptedUpTo,
    int flags,
    long cleanId,
    int cleanLines) {

  /** What both generations write at the start of the device. */
  public static final int MAGIC = 0x57427374;

  /** "WBjavaSB" in a hex dump. */
  static final long EXTENSION_MAGIC = 0x42536176_616A4257L;

  /**
   * "WBformat" in a hex dump, where the extension magic will stand; the magic in front of it is 0.
   */
  static final long UNFINISHED_MAGIC = 0x74616D72_6F664257L;

  static final int VERSION = 1;

  /** In place of the size of a backing device. */
  private static final long UNPAIRED = 0;

  static final int KNOWN_FLAGS = 0;

  static final int MAGIC_OFFSET = 0;

  /** One byte, 4 to 11 in the layout of 2013 and 0 in v2. */
  static final int LAP_ORDER_OFFSET = 4;

  static final int EXTENSION_MAGIC_OFFSET = 8;
  static final int VERSION_OFFSET = 16;
  static final int ORDER_OFFSET = 20;
  static final int UUID_OFFSET = 24;
  static final int INCARNATION_OFFSET = 40;
  static final int WINDOW_OFFSET = 44;
  static final int BACKING_SIZE_OFFSET = 48;
  static final int FINGERPRINT_OFFSET = 56;
  static final int CACHE_SIZE_OFFSET = 72;
  static final int ADOPTED_OFFSET = 80;
  static final int CLEAN_ID_OFFSET = 88;
  static final int CLEAN_LINES_OFFSET = 96;
  static final int FLAGS_OFFSET = 100;
  static final int CRC_OFFSET = 508;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
  private static final ValueLayout.OfLong AS_PRINTED =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);

  /** What a format writes: first incarnation, nothing adopted, not cleanly stopped. */
  public static Superblock create(
      Geometry geometry,
      UUID uuid,
      long backingSizeBytes,
      long fingerprintHigh,
      long fingerprintLow) {
    return new Superblock(
        geometry.order(),
        uuid.getMostSignificantBits(),
        uuid.getLeastSignificantBits(),
        1,
        backingSizeBytes,
        fingerprintHigh,
        fingerprintLow,
        geometry.cacheSizeBytes(),
        geometry.window(),
        0,
        0,
        0,
        0);
  }

  /** What a format writes that knows of no backing device yet. */
  public static Superblock unpaired(Geometry geometry, UUID uuid) {
    return create(geometry, uuid, UNPAIRED, 0, 0);
  }

  /** Whether it belongs to a backing device. Until then its log is empty. */
  public boolean isPaired() {
    return backingSizeBytes != UNPAIRED;
  }

  /** The same cache, from now on of this backing device. */
  public Superblock pairedWith(long newBackingSizeBytes, long newHigh, long newLow) {
    return new Superblock(
        order,
        uuidHigh,
        uuidLow,
        incarnation,
        newBackingSizeBytes,
        newHigh,
        newLow,
        cacheSizeBytes,
        window,
        adoptedUpTo,
        flags,
        cleanId,
        cleanLines);
  }

  public UUID uuid() {
    return new UUID(uuidHigh, uuidLow);
  }

  public Geometry geometry() {
    return new Geometry(order, cacheSizeBytes, window);
  }

  /** A clean stop was recorded once; what was durable then stays so. */
  public boolean clean() {
    return cleanId != 0;
  }

  public Superblock withIncarnation(int newIncarnation) {
    return with(newIncarnation, adoptedUpTo, cleanId, cleanLines);
  }

  public Superblock withClean(long id, int lines) {
    return with(incarnation, adoptedUpTo, id, lines);
  }

  public Superblock withAdoption(long lastKernelId) {
    return with(incarnation, lastKernelId, cleanId, cleanLines);
  }

  private Superblock with(
      int newIncarnation, long newAdoptedUpTo, long newCleanId, int newCleanLines) {
    return new Superblock(
        order,
        uuidHigh,
        uuidLow,
        newIncarnation,
        backingSizeBytes,
        fingerprintHigh,
        fingerprintLow,
        cacheSizeBytes,
        window,
        newAdoptedUpTo,
        flags,
        newCleanId,
        newCleanLines);
  }

  /**
   * Refuses a cache that is not the one asked for, saying what differs. A fingerprint of 0, on
   * either side, says nothing.
   */
  public void requireMatch(
      int wantedOrder,
      long actualCacheBytes,
      long actualBackingBytes,
      long actualHigh,
      long actualLow)
      throws UnusableCacheException {
    if (cacheSizeBytes != actualCacheBytes) {
      throw new UnusableCacheException(
          Kind.DIFFERENT,
          "the cache was formatted on a device of "
              + cacheSizeBytes
              + " bytes and this one has "
              + actualCacheBytes
              + ": give it its old size back");
    }
    if (order != wantedOrder) {
      throw new UnusableCacheException(
          Kind.DIFFERENT,
          "the cache was formatted with segment size order "
              + order
              + ", not "
              + wantedOrder
              + ": serve it with order "
              + order);
    }
    if (isPaired() && backingSizeBytes != actualBackingBytes) {
      throw new UnusableCacheException(
          Kind.DIFFERENT,
          "the cache belongs to a backing device of "
              + backingSizeBytes
              + " bytes and this one has "
              + actualBackingBytes
              + ": name the right backing device");
    }
    boolean known = (fingerprintHigh | fingerprintLow) != 0 && (actualHigh | actualLow) != 0;
    if (known && (fingerprintHigh != actualHigh || fingerprintLow != actualLow)) {
      throw new UnusableCacheException(
          Kind.DIFFERENT,
          "the cache belongs to another backing device: name the right backing device");
    }
  }

  /** Writes sector 0 and zeroes behind it, a whole block. */
  public void encode(MemorySegment block4096) {
    block4096.asSlice(0, Geometry.BLOCK).fill((byte) 0);
    block4096.set(INT, MAGIC_OFFSET, MAGIC);
    block4096.set(LONG, EXTENSION_MAGIC_OFFSET, EXTENSION_MAGIC);
    block4096.set(INT, VERSION_OFFSET, VERSION);
    block4096.set(INT, ORDER_OFFSET, order);
    block4096.set(AS_PRINTED, UUID_OFFSET, uuidHigh);
    block4096.set(AS_PRINTED, UUID_OFFSET + 8, uuidLow);
    block4096.set(INT, INCARNATION_OFFSET, incarnation);
    block4096.set(INT, WINDOW_OFFSET, window);
    block4096.set(LONG, BACKING_SIZE_OFFSET, backingSizeBytes);
    block4096.set(AS_PRINTED, FINGERPRINT_OFFSET, fingerprintHigh);
    block4096.set(AS_PRINTED, FINGERPRINT_OFFSET + 8, fingerprintLow);
    block4096.set(LONG, CACHE_SIZE_OFFSET, cacheSizeBytes);
    block4096.set(LONG, ADOPTED_OFFSET, adoptedUpTo);
    block4096.set(LONG, CLEAN_ID_OFFSET, cleanId);
    block4096.set(INT, CLEAN_LINES_OFFSET, cleanLines);
    block4096.set(INT, FLAGS_OFFSET, flags);
    block4096.set(INT, CRC_OFFSET, Crc32c.of(block4096, 0, CRC_OFFSET));
  }

  /**
   * Writes the mark of a format that has begun, a whole block. It has no magic: whoever looks for a
   * cache finds none.
   */
  static void encodeUnfinished(MemorySegment block4096) {
    block4096.asSlice(0, Geometry.BLOCK).fill((byte) 0);
    block4096.set(LONG, EXTENSION_MAGIC_OFFSET, UNFINISHED_MAGIC);
    block4096.set(INT, CRC_OFFSET, Crc32c.of(block4096, 0, CRC_OFFSET));
  }

  static boolean isUnfinished(MemorySegment block4096) {
    return block4096.get(INT, MAGIC_OFFSET) == 0
        && block4096.get(LONG, EXTENSION_MAGIC_OFFSET) == UNFINISHED_MAGIC
        && block4096.get(INT, CRC_OFFSET) == Crc32c.of(block4096, 0, CRC_OFFSET);
  }

  /** Reads what {@link #encode} wrote; anything else is an exception that says what it is. */
  public static Superblock decode(MemorySegment block4096) throws UnusableCacheException {
    boolean magic = block4096.get(INT, MAGIC_OFFSET) == MAGIC;
    boolean extended = block4096.get(LONG, EXTENSION_MAGIC_OFFSET) == EXTENSION_MAGIC;
    if (!magic && !extended) {
      throw new UnusableCacheException(
          Kind.FOREIGN,
          Bytes.areZero(block4096, 0, Geometry.BLOCK)
              ? "is not a writeboost cache, and begins with zeroes: name the right device"
              : "holds something that is not a writeboost cache: name the right device");
    }
    if (LapSuperblock.isHere(block4096)) {
      throw LapSuperblock.unasked();
    }
    if (Bytes.areZero(block4096, LAP_ORDER_OFFSET, Geometry.SECTOR)) {
      throw new UnusableCacheException(
          Kind.KERNEL,
          "was written by the dm-writeboost kernel module: --adopt takes it over for good,"
              + " 'writeboost writeback' writes it back");
    }
    boolean sound = block4096.get(INT, CRC_OFFSET) == Crc32c.of(block4096, 0, CRC_OFFSET);
    if (!magic || !extended || !sound) {
      throw damaged("its checksum is wrong");
    }
    int version = block4096.get(INT, VERSION_OFFSET);
    int flags = block4096.get(INT, FLAGS_OFFSET);
    if (version != VERSION || (flags & ~KNOWN_FLAGS) != 0) {
      throw new UnusableCacheException(
          Kind.VERSION,
          "was written by another version of writeboost (format "
              + Integer.toUnsignedString(version)
              + ", flags "
              + Integer.toHexString(flags)
              + "): use that version");
    }
    return read(block4096, flags).checked();
  }

  private static Superblock read(MemorySegment block4096, int flags) {
    return new Superblock(
        block4096.get(INT, ORDER_OFFSET),
        block4096.get(AS_PRINTED, UUID_OFFSET),
        block4096.get(AS_PRINTED, UUID_OFFSET + 8),
        block4096.get(INT, INCARNATION_OFFSET),
        block4096.get(LONG, BACKING_SIZE_OFFSET),
        block4096.get(AS_PRINTED, FINGERPRINT_OFFSET),
        block4096.get(AS_PRINTED, FINGERPRINT_OFFSET + 8),
        block4096.get(LONG, CACHE_SIZE_OFFSET),
        block4096.get(INT, WINDOW_OFFSET),
        block4096.get(LONG, ADOPTED_OFFSET),
        flags,
        block4096.get(LONG, CLEAN_ID_OFFSET),
        block4096.get(INT, CLEAN_LINES_OFFSET));
  }

  /** A right CRC over impossible values is no cache of ours either. */
  private Superblock checked() throws UnusableCacheException {
    boolean countable = incarnation > 0 && incarnation < Integer.MAX_VALUE;
    // Only a format leaves it without a backing device, and nothing has been started since.
    boolean pairing = isPaired() ? backingSizeBytes > 0 : incarnation == 1 && cleanId == 0;
    if (order > ChecksumLayout.MAXIMUM_ORDER || !countable || !pairing) {
      throw damaged(
          "it says order "
              + order
              + ", incarnation "
              + incarnation
              + ", backing size "
              + backingSizeBytes);
    }
    Geometry geometry;
    try {
      geometry = geometry();
    } catch (IllegalArgumentException impossible) {
      throw damaged("it says: " + impossible.getMessage());
    }
    if (!isId(adoptedUpTo) || !isId(cleanId)) {
      throw damaged("it names segments " + adoptedUpTo + " and " + cleanId);
    }
    if (cleanLines < 0 || cleanLines > geometry.linesPerSegment()) {
      throw damaged("it says that " + cleanLines + " lines of a segment are durable");
    }
    return this;
  }

  private static boolean isId(long id) {
    return id >= 0 && id <= Geometry.MAXIMUM_ID;
  }

  private static UnusableCacheException damaged(String why) {
    return new UnusableCacheException(
        Kind.DAMAGED,
        "the superblock is damaged (" + why + "): do not format it if you need its data");
  }
}
