package writeboost.inspect;

import writeboost.inspect.SegmentContents.Kind;
import writeboost.layout.Geometry;
import writeboost.layout.Superblock;

/**
 * Verifies the run of a cache with our extension: from record + 1 to T, where a resume ends. One
 * thread.
 */
final class RunCheck {

  private final SegmentContents segment;
  private final LogRange range;
  private final Findings findings;
  private final Check.Listener listener;
  private final Geometry geometry;
  private final Mark mark;
  private final int newestIncarnation;
  private final long adoptedUpTo;

  RunCheck(
      CacheContents cache,
      Superblock superblock,
      SegmentContents segment,
      LogRange range,
      Findings findings,
      Check.Listener listener) {
    this.segment = segment;
    this.range = range;
    this.findings = findings;
    this.listener = listener;
    this.geometry = cache.geometry();
    this.mark = range.mark();
    this.newestIncarnation = superblock.incarnation();
    this.adoptedUpTo = superblock.adoptedUpTo();
  }

  /** T: the newest segment that a resume takes; where something is damaged, could take. */
  long walk() {
    // The last free slot is no part of the run: what lies there are copies of lines of the run.
    long lap = range.first() - 1 + geometry.segmentCount();
    long limit = lap <= adoptedUpTo ? lap : lap - 1;
    // Behind the last usable header, too: there may be a damaged one.
    long end = Math.min(Math.max(range.last() + 1, mark.lastId()), limit);
    long last = range.first() - 1;
    int incarnation = 0;
    for (long id = range.first(); id <= end; id++) {
      listener.verified(bytes(id - range.first()), bytes(end - range.first() + 1));
      segment.readHeader(geometry.slot(id));
      String problem = problem(id, incarnation);
      if (!problem.isEmpty()) {
        if (!mark.covers(id, 0) && !isRotten()) {
          break;
        }
        findings.damage(Damage.ofSegment(id, problem));
        continue;
      }
      last = id;
      findings.segments++;
      if (segment.kind() == Kind.EXTENDED) {
        incarnation = segment.incarnation();
      }
      if (!(segment.kind() == Kind.KERNEL ? verifyKernel(id) : verify(id))) {
        break;
      }
    }
    listener.verified(bytes(end - range.first() + 1), bytes(end - range.first() + 1));
    findings.droppedSegments = range.last() - Math.min(last, range.last());
    return last;
  }

  private long bytes(long segments) {
    return segments * geometry.segmentBytes();
  }

  /** Why the header just read cannot be the one of {@code id}; empty if it is. */
  private String problem(long id, int incarnation) {
    return switch (segment.kind()) {
      case UNUSABLE -> segment.problem();
      case EMPTY -> "it is not there: its slot is empty";
      case LAP -> "it is not there: its slot holds a segment of the layout of 2013";
      case KERNEL, EXTENDED -> {
        if (segment.id() != id) {
          yield "it is not there: its slot holds segment " + segment.id();
        }
        yield segment.kind() == Kind.KERNEL ? problemOfKernel(id) : problemOfLife(incarnation);
      }
    };
  }

  /**
   * A device writes a sector or it does not, so no crash leaves a first sector that is damaged. In
   * the slot of a segment that is written back that does not matter.
   */
  private boolean isRotten() {
    long id = segment.id();
    boolean writtenBack = id > 0 && id < range.first() && geometry.slot(id) == segment.slot();
    boolean sound = segment.kind() == Kind.EXTENDED || segment.kind() == Kind.EMPTY;
    return !sound && !writtenBack;
  }

  private String problemOfKernel(long id) {
    return id > adoptedUpTo
        ? "the kernel module wrote it, after this cache was adopted from there"
        : "";
  }

  private String problemOfLife(int incarnation) {
    int its = segment.incarnation();
    if (its < incarnation) {
      return "its incarnation, %d, is lower than the %d of segments before it"
          .formatted(its, incarnation);
    }
    return its > newestIncarnation
        ? "its incarnation, %d, is higher than the superblock's".formatted(its)
        : "";
  }

  /** Its one checksum is all that such a segment has; when it was adopted it was right. */
  private boolean verifyKernel(long id) {
    segment.readLines();
    if (!segment.checksumOk()) {
      findings.damage(Damage.ofSegment(id, "it does not fit its checksum"));
      return true;
    }
    for (int i = 0; i < segment.length(); i++) {
      if (segment.mask(i) != 0) {
        take(i);
      }
    }
    return true;
  }

  /** True if the run goes on behind it. */
  private boolean verify(long id) {
    segment.readLines();
    int length = segment.length();
    boolean whole = id < mark.id();
    int durable = whole ? length : id == mark.id() ? mark.lines() : 0;
    if (durable > length) {
      findings.damage(
          Damage.ofSegment(id, "it has %d lines, and %d were durable".formatted(length, durable)));
      durable = length;
    }
    if (whole) {
      verifyHeader(id);
    }
    int good = verifyLines(length, durable);
    findings.droppedLines += length - good;
    if (good == length && segment.metablocksOk() && !segment.checksumOk() && allFit(length)) {
      findings.paddingChanged++;
    }
    return whole || good == length && segment.closed();
  }

  private void verifyHeader(long id) {
    if (!segment.metablocksOk()) {
      findings.damage(Damage.ofSegment(id, "its metablocks do not fit their CRC"));
    }
    if (!segment.closed()) {
      findings.damage(
          Damage.ofSegment(id, "its last header is not there, though newer segments were durable"));
    }
  }

  /** Takes the lines of whole groups; how many these are. */
  private int verifyLines(int length, int durable) {
    int good = 0;
    for (int i = 0; i < length; i++) {
      String problem = segment.lineProblem(i);
      if (!problem.isEmpty()) {
        if (i >= durable) {
          return good;
        }
        findings.damage(segment, i, problem);
      }
      if (segment.groupEnd(i) || i < durable) {
        for (; good <= i; good++) {
          take(good);
        }
      }
    }
    return good;
  }

  private void take(int i) {
    if (!segment.fitsBacking(i)) {
      findings.damage(segment, i, "it is for no block of the backing device");
      return;
    }
    if (!segment.isKnown(i)) {
      findings.damage(segment, i, "its metablock has bits that nobody writes");
    }
    findings.taken(segment, i);
  }

  private boolean allFit(int length) {
    for (int i = 0; i < length; i++) {
      if (!segment.lineProblem(i).isEmpty()) {
        return false;
      }
    }
    return true;
  }
}
