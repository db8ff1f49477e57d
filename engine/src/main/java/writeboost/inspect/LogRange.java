package writeboost.inspect;

import writeboost.layout.Geometry;
import writeboost.layout.Superblock;

/**
 * Between which ids the log lies that is not written back, as far as headers tell, and up to where
 * it was durable for sure. Immutable: any thread.
 *
 * @param first the oldest id that may not be written back
 * @param last the newest id that a usable header names; {@code first - 1} if there is none
 * @param mark the newest durable mark of any header
 * @param strays slots of a cache of the kernel module whose segments belong elsewhere
 */
public record LogRange(long first, long last, Mark mark, int strays) {

  /** Told now and then how many headers are looked at; on the caller's thread. */
  @FunctionalInterface
  public interface Progress {
    void headers(long done, long atMost);
  }

  /** Reads headers: those of the log alone where they can be found, otherwise all. */
  public static LogRange find(CacheContents cache, SegmentContents segment, Progress progress) {
    Superblock superblock = cache.superblock();
    return superblock != null && cache.recordUsable()
        ? behindRecord(superblock, cache, segment, progress)
        : anywhere(cache, segment, progress);
  }

  /** No id beyond durable + W was ever submitted: there is nothing behind W slots without one. */
  private static LogRange behindRecord(
      Superblock superblock, CacheContents cache, SegmentContents segment, Progress progress) {
    Geometry geometry = cache.geometry();
    Mark mark = new Mark(superblock.cleanId(), superblock.cleanLines());
    mark = mark.max(new Mark(superblock.adoptedUpTo() + 1, 0));
    long record = cache.record().id();
    long reach = geometry.window() + 1L;
    long end = Math.max(record, superblock.adoptedUpTo()) + reach;
    long limit = record + geometry.segmentCount();
    long last = record;
    for (long id = record + 1; id <= Math.min(end, limit); id++) {
      progress.headers(id - record, geometry.segmentCount());
      segment.readHeader(geometry.slot(id));
      if (segment.id() != id) {
        continue;
      }
      if (segment.kind() == SegmentContents.Kind.EXTENDED
          && segment.incarnation() <= superblock.incarnation()) {
        mark = mark.max(new Mark(segment.durableId(), segment.durableLines()));
      }
      if (segment.kind() != SegmentContents.Kind.UNUSABLE) {
        last = id;
        end = Math.max(end, id + reach);
      }
    }
    return new LogRange(record + 1, last, mark, 0);
  }

  private static LogRange anywhere(
      CacheContents cache, SegmentContents segment, Progress progress) {
    Geometry geometry = cache.geometry();
    long record = cache.recordUsable() ? cache.record().id() : 0;
    long last = 0;
    int strays = 0;
    for (int slot = 0; slot < geometry.segmentCount(); slot++) {
      progress.headers(slot, geometry.segmentCount());
      segment.readHeader(slot);
      boolean usable =
          segment.kind() != SegmentContents.Kind.EMPTY
              && segment.kind() != SegmentContents.Kind.UNUSABLE;
      last = usable ? Math.max(last, segment.id()) : last;
      boolean known = segment.id() > 0 && segment.id() <= record;
      strays += segment.kind() == SegmentContents.Kind.UNUSABLE && !known ? 1 : 0;
    }
    long first = Math.max(record, last - geometry.segmentCount()) + 1;
    return new LogRange(first, Math.max(last, first - 1), new Mark(0, 0), strays);
  }
}
