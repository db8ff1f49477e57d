package writeboost.inspect;

import writeboost.layout.Geometry;

/**
 * Something that is not as it was written. Immutable: any thread.
 *
 * @param place what is damaged
 * @param segment the segment's id, 0 if it is not in one
 * @param line the line of the segment, -1 if it is no single one
 * @param sector the first backing sector that is concerned, -1 if that is not known
 * @param blocks how many blocks are concerned from there
 * @param what what is wrong; no name of the place
 */
public record Damage(Place place, long segment, int line, long sector, int blocks, String what) {

  /** What can be damaged. */
  public enum Place {
    SUPERBLOCK,
    RECORD,
    SEGMENT,
    LINE,
    /** The bytes are as written, and say that data was lost before. */
    LOST_SECTORS
  }

  /** Of something outside of segments. */
  public static Damage of(Place place, String what) {
    return new Damage(place, 0, -1, -1, 0, what);
  }

  static Damage ofSegment(long segment, String what) {
    return new Damage(Place.SEGMENT, segment, -1, -1, 0, what);
  }

  /** Bytes from the start of the backing device; negative if not known. */
  public long backingOffset() {
    return sector < 0 ? -1 : sector * Geometry.SECTOR;
  }

  /** Bytes of the backing device that are concerned. */
  public long backingLength() {
    return (long) blocks * Geometry.BLOCK;
  }
}
