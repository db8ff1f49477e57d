package writeboost.layout;

import java.lang.foreign.MemorySegment;
import writeboost.layout.UnusableCacheException.Kind;

/**
 * Whether a cache device is formatted, served as it is, or left alone. Pure: looks at bytes that
 * were read, at nothing else.
 *
 * <p>Nobody's data is overwritten unasked. A device without a superblock is formatted only if we
 * have just created it, if it looks empty at both ends (several file systems and RAID keep the
 * first 4 KiB zero, and some keep their superblock at the end), or if an earlier format of ours was
 * cut short.
 */
public sealed interface FormatDecision {

  /** There is nothing here: {@link Formatter} may go over it. */
  record Format() implements FormatDecision {}

  /** A cache of ours. That it is the one asked for is not checked yet. */
  record Resume(Superblock superblock) implements FormatDecision {}

  /** A cache of layout v1, of ours or of 2013. It says not even whether it is for this volume. */
  record ResumeLaps(LapSuperblock superblock) implements FormatDecision {}

  /** Not without the user saying so; the reason says what was found. */
  record Refuse(UnusableCacheException reason) implements FormatDecision {}

  /**
   * Decides.
   *
   * @param first the first 1 MiB of the device
   * @param last its last 1 MiB; may overlap the first
   * @param freshlyCreated this process has just created the file
   */
  static FormatDecision of(MemorySegment first, MemorySegment last, boolean freshlyCreated) {
    try {
      if (LapSuperblock.isHere(first)) {
        return new ResumeLaps(LapSuperblock.decode(first));
      }
      return new Resume(Superblock.decode(first.asSlice(0, Geometry.BLOCK)));
    } catch (UnusableCacheException found) {
      if (found.kind() != Kind.FOREIGN) {
        return new Refuse(found);
      }
      if (freshlyCreated || isEmpty(first) && isEmpty(last)) {
        return new Format();
      }
      return Superblock.isUnfinished(first) ? ofUnfinished(first) : new Refuse(foreign(found));
    }
  }

  /** How it is made one is said only here, where one is wanted. */
  private static UnusableCacheException foreign(UnusableCacheException found) {
    return new UnusableCacheException(
        found.kind(), found.getMessage() + "; to use this one, zero its first and its last MiB");
  }

  /**
   * Our mark stands in front; but whoever takes over a device may leave its first 4 KiB as they
   * were.
   */
  private static FormatDecision ofUnfinished(MemorySegment first) {
    boolean onlyOurs =
        Bytes.areZero(first, Geometry.BLOCK, Geometry.RECORD_BLOCK_OFFSET)
            && holdsRecordAlone(first);
    if (onlyOurs) {
      return new Format();
    }
    return new Refuse(
        new UnusableCacheException(
            Kind.UNFINISHED_FORMAT,
            "a format was cut short here, and there is something else behind its mark: if it can"
                + " go, zero the first and the last MiB"));
  }

  private static boolean holdsRecordAlone(MemorySegment first) {
    int end = Geometry.RECORD_OFFSET + RecordSector.EXTENSION_END - RecordSector.SECTOR_OFFSET;
    return Bytes.areZero(first, Geometry.RECORD_BLOCK_OFFSET, Geometry.RECORD_OFFSET)
        && Bytes.areZero(first, end, Geometry.SUPERBLOCK_REGION);
  }

  private static boolean isEmpty(MemorySegment memory) {
    return Bytes.areZero(memory, 0, memory.byteSize());
  }
}
