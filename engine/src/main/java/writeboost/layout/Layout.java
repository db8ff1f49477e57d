package writeboost.layout;

import java.lang.foreign.MemorySegment;

/** A generation of bytes on the cache device: what it has room for. Stateless: any thread. */
public sealed interface Layout permits ChecksumLayout, LapLayout {

  /** As in {@code --layout}. */
  String name();

  int minimumOrder();

  int maximumOrder();

  /**
   * Whether a segment may grow: a barrier ends a group of lines, and the header is written again.
   * Otherwise a barrier ends the segment.
   */
  boolean hasGroups();

  /** Whether one line can stand for a run of zero blocks. Otherwise zeroes are lines of zeroes. */
  boolean hasZeroRuns();

  /** Whether a line has a checksum of its own. Otherwise it is taken for what it looks like. */
  boolean hasLineChecksums();

  /** Whether a line can say that sectors of it are lost. */
  boolean hasLostSectors();

  /**
   * Writes the last block of the superblock region: everything up to {@code id} is written back.
   */
  void encodeRecord(MemorySegment block4096, long id);

  /** The layout of that name, or a refusal that says what there is. */
  static Layout named(String name) {
    return switch (name) {
      case "v1" -> LapLayout.INSTANCE;
      case "v2" -> ChecksumLayout.INSTANCE;
      default -> throw new IllegalArgumentException("layout " + name + ": there are v1 and v2");
    };
  }

  /** Refuses a segment size order that this layout has no room for. */
  default void requireOrder(int order) {
    if (order < minimumOrder() || order > maximumOrder()) {
      throw new IllegalArgumentException(
          "segment size order "
              + order
              + " is out of range for layout "
              + name()
              + ": "
              + minimumOrder()
              + " to "
              + maximumOrder());
    }
  }
}
