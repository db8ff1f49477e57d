package writeboost.simulate;

import static writeboost.layout.Geometry.SECTOR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import writeboost.device.Request;

/**
 * What a disk with a volatile cache holds: of each sector every version that a power loss may
 * leave. One thread.
 *
 * <pre>
 *   sector:   newest version --> older --> ... --> the durable one
 *             what is read       a power loss may leave any of them
 * </pre>
 */
final class VolatileSectors {

  private static final Write ZEROES = new Write(new byte[SECTOR], 0);

  /** What was handed over in one request. */
  static final class Write {
    final byte[] data;

    /** Where on the disk it begins. */
    final long offset;

    long answeredAt = Long.MAX_VALUE;

    /** Whether a power loss that decides write by write keeps it. */
    boolean kept;

    boolean decided;

    Write(byte[] data, long offset) {
      this.data = data;
      this.offset = offset;
    }

    static Write ofZeroes(long offset) {
      return new Write(ZEROES.data, offset);
    }
  }

  /** One state of one sector. */
  private static final class Version {
    final Write write;
    final int at;

    /** Null where this version is durable. */
    @Nullable Version older;

    Version(Write write, int at, @Nullable Version older) {
      this.write = write;
      this.at = at;
      this.older = older;
    }
  }

  /** Told of a sector that was written and not flushed, when the power fails. */
  @FunctionalInterface
  interface Fate {
    /**
     * @param writeOffset where the write began, in bytes; it says which write it was
     * @param sector of the disk
     */
    void decided(long writeOffset, long sector, boolean kept);
  }

  private final @Nullable Version[] newest;
  private final BitSet unsettled = new BitSet();
  private final Chance chance;

  VolatileSectors(int count, Chance chance) {
    newest = new Version[count];
    this.chance = chance;
  }

  int count() {
    return newest.length;
  }

  void read(int first, int count, Request request) {
    for (int i = 0; i < count; i++) {
      Version version = newest[first + i];
      Write from = version == null ? ZEROES : version.write;
      int at = version == null ? 0 : version.at;
      long to = request.dataOffset + (long) i * SECTOR;
      MemorySegment.copy(from.data, at, request.data, ValueLayout.JAVA_BYTE, to, SECTOR);
    }
  }

  void write(int first, int count, Write write, int stride, double part) {
    for (int i = 0; i < count; i++) {
      int sector = first + i;
      if (part < 1 && !chance.happens(part)) {
        continue;
      }
      Version below = newest[sector];
      if (below == null) {
        if (isZero(write.data, i * stride)) {
          continue; // as it was, whatever is lost
        }
        below = new Version(ZEROES, 0, null);
      }
      newest[sector] = new Version(write, i * stride, below);
      unsettled.set(sector);
    }
  }

  private static boolean isZero(byte[] data, int at) {
    return Arrays.equals(data, at, at + SECTOR, ZEROES.data, 0, SECTOR);
  }

  /** Makes durable, per sector, the newest version that was answered before {@code submittedAt}. */
  void settle(long submittedAt, double part) {
    for (int s = unsettled.nextSetBit(0); s >= 0; s = unsettled.nextSetBit(s + 1)) {
      if (part < 1 && !chance.happens(part)) {
        continue;
      }
      Version version = newest[s];
      while (version != null && version.older != null) {
        if (version.write.answeredAt < submittedAt || chance.oneIn(4)) {
          version.older = null;
        } else {
          version = version.older;
        }
      }
      if (version == newest[s]) {
        unsettled.clear(s);
      }
    }
  }

  /** A flush that fails: throws away some of what it should have kept; says of how many sectors. */
  int forgetSome() {
    int forgotten = 0;
    for (int s = unsettled.nextSetBit(0); s >= 0; s = unsettled.nextSetBit(s + 1)) {
      if (chance.oneIn(2)) {
        forgotten++;
        newest[s] = durable(newest[s]);
        unsettled.clear(s);
      }
    }
    return forgotten;
  }

  private static @Nullable Version durable(@Nullable Version top) {
    Version version = top;
    while (version != null && version.older != null) {
      version = version.older;
    }
    return version;
  }

  /** Whatever is there counts as answered at {@code clock}, so that the next flush covers it. */
  void markAnswered(long clock) {
    for (int s = unsettled.nextSetBit(0); s >= 0; s = unsettled.nextSetBit(s + 1)) {
      for (Version v = newest[s]; v != null; v = v.older) {
        v.write.answeredAt = Math.min(v.write.answeredAt, clock);
      }
    }
  }

  /** As {@link SimulatedDisk#losePower}. */
  void losePower(double keep, boolean wholeWrites, Fate fate) {
    for (int s = unsettled.nextSetBit(0); s >= 0; s = unsettled.nextSetBit(s + 1)) {
      Version top = newest[s];
      Version survivor = wholeWrites ? newestKept(top, keep) : survivor(top, keep);
      if (top != null) {
        fate.decided(top.write.offset, s, survivor == top);
      }
      if (survivor != null) {
        survivor.older = null;
      }
      newest[s] = survivor;
    }
    unsettled.clear();
  }

  private @Nullable Version newestKept(@Nullable Version top, double keep) {
    Version version = top;
    while (version != null && version.older != null && !isKept(version.write, keep)) {
      version = version.older;
    }
    return version;
  }

  private boolean isKept(Write write, double keep) {
    if (!write.decided) {
      write.decided = true;
      write.kept = chance.happens(keep);
    }
    return write.kept;
  }

  private @Nullable Version survivor(@Nullable Version top, double keep) {
    int pending = 0;
    for (Version v = top; v != null && v.older != null; v = v.older) {
      pending++;
    }
    boolean kept = chance.happens(keep);
    int down = kept ? (chance.oneIn(4) ? chance.below(pending) : 0) : pending;
    Version survivor = top;
    while (down-- > 0 && survivor != null) {
      survivor = survivor.older;
    }
    return survivor;
  }

  /**
   * Flips a bit of what is read at {@code offset}, and of what a power loss would leave of it.
   *
   * @return takes it back, unless the sector has been written since
   */
  Runnable flip(long offset, int bit) {
    int sector = (int) (offset / SECTOR);
    Version sound = newest[sector];
    byte[] data = new byte[SECTOR];
    if (sound != null) {
      System.arraycopy(sound.write.data, sound.at, data, 0, SECTOR);
    }
    data[(int) (offset % SECTOR)] ^= (byte) (1 << bit);
    Write rotten = new Write(data, (long) sector * SECTOR);
    if (sound != null) {
      rotten.answeredAt = sound.write.answeredAt;
    }
    Version flipped = new Version(rotten, 0, sound == null ? null : sound.older);
    newest[sector] = flipped;
    return () -> {
      if (newest[sector] == flipped) {
        newest[sector] = sound;
      }
    };
  }

  /** What would be read now. */
  MemorySegment image() {
    byte[] image = new byte[Math.toIntExact((long) newest.length * SECTOR)];
    for (int sector = 0; sector < newest.length; sector++) {
      Version version = newest[sector];
      if (version != null) {
        System.arraycopy(version.write.data, version.at, image, sector * SECTOR, SECTOR);
      }
    }
    return MemorySegment.ofArray(image);
  }
}
