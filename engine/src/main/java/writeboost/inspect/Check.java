package writeboost.inspect;

import writeboost.inspect.Damage.Place;
import writeboost.layout.Superblock;

/**
 * Verifies all of a cache device that a resume would use: superblock, record, every header and
 * every line of the run that is not written back. What lies behind the end of the run, or is torn
 * there, is what a crash leaves: counted, no damage. One thread; waits for its I/O.
 */
public final class Check {

  /** Told what is found; on the caller's thread. */
  public interface Listener {
    void damage(Damage damage);

    default void headers(long done, long atMost) {}

    default void verified(long doneBytes, long totalBytes) {}
  }

  /**
   * What there is.
   *
   * @param record the newest segment that is written back
   * @param last the newest segment that a resume takes
   * @param segments verified
   * @param lines that a resume takes, zero runs included
   * @param droppedSegments behind the last one
   * @param droppedLines at the end of the last one
   * @param paddingChanged segments in which bytes have changed that mean nothing
   * @param damages told of
   */
  public record Result(
      long record,
      long last,
      long segments,
      long lines,
      long zeroRuns,
      long droppedSegments,
      long droppedLines,
      long paddingChanged,
      long damages) {

    /** Nothing is damaged, and nothing was lost. */
    public boolean sound() {
      return damages == 0;
    }
  }

  private Check() {}

  public static Result run(CacheContents cache, Listener listener) {
    Findings findings = new Findings(listener);
    checkSize(cache, findings);
    if (!cache.recordUsable()) {
      findings.damage(
          Damage.of(
              Place.RECORD, "is not as it was written, so where the log begins is not known"));
      return result(findings, 0, 0);
    }
    SegmentContents segment = cache.segment();
    LogRange range = LogRange.find(cache, segment, listener::headers);
    Superblock superblock = cache.superblock();
    long last =
        superblock == null
            ? new KernelCheck(cache, segment, range, findings, listener).walk()
            : new RunCheck(cache, superblock, segment, range, findings, listener).walk();
    findings.tellLost();
    return result(findings, cache.record().id(), last);
  }

  private static Result result(Findings found, long record, long last) {
    return new Result(
        record,
        last,
        found.segments,
        found.lines,
        found.zeroRuns,
        found.droppedSegments,
        found.droppedLines,
        found.paddingChanged,
        found.damages);
  }

  private static void checkSize(CacheContents cache, Findings findings) {
    Superblock superblock = cache.superblock();
    long size = cache.device().device().size();
    if (superblock != null && superblock.cacheSizeBytes() != size) {
      findings.damage(
          Damage.of(
              Place.SUPERBLOCK,
              "the superblock was written for a device of %d bytes, and this one has %d"
                  .formatted(superblock.cacheSizeBytes(), size)));
    }
  }
}
