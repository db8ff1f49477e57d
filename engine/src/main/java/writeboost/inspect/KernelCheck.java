package writeboost.inspect;

import writeboost.inspect.CacheContents.Form;
import writeboost.inspect.Damage.Place;
import writeboost.inspect.SegmentContents.Kind;
import writeboost.layout.Geometry;

/**
 * Verifies the run of a cache without our extension: consecutive ids, each with a right checksum,
 * or, in the layout of 2013, which has none, with laps that agree. One thread.
 *
 * <p>The kernel module syncs rarely, so segments without a right checksum at the end of the log are
 * what a crash leaves. Ones with a right checksum behind such a segment are damage: a resume that
 * took neither would lose data, and one that took both would reorder it. Laps cannot tell.
 */
final class KernelCheck {

  private final SegmentContents segment;
  private final LogRange range;
  private final Findings findings;
  private final Check.Listener listener;
  private final Geometry geometry;
  private final Form form;

  KernelCheck(
      CacheContents cache,
      SegmentContents segment,
      LogRange range,
      Findings findings,
      Check.Listener listener) {
    this.segment = segment;
    this.range = range;
    this.findings = findings;
    this.listener = listener;
    this.geometry = cache.geometry();
    this.form = cache.form();
  }

  long walk() {
    long last = range.first() - 1;
    String broken = "";
    if (range.strays() > 0 && form == Form.KERNEL) {
      findings.damage(
          Damage.of(
              Place.SUPERBLOCK,
              "%d slots hold segments that belong elsewhere: the device has another size than it had, or is damaged"
                  .formatted(range.strays())));
    }
    for (long id = range.first(); id <= range.last(); id++) {
      listener.verified(bytes(id - range.first()), bytes(range.last() - range.first() + 1));
      String problem = problem(id);
      if (!problem.isEmpty()) {
        broken = broken.isEmpty() ? problem : broken;
        continue;
      }
      if (broken.isEmpty()) {
        last = id;
        take();
      } else if (isNoCrash(id, last) && !isTold()) {
        findings.damage(
            Damage.ofSegment(
                last + 1, "%s; segment %d behind it is whole".formatted(broken, segment.id())));
      }
    }
    long all = bytes(range.last() - range.first() + 1);
    listener.verified(all, all);
    findings.droppedSegments = range.last() - last;
    return last;
  }

  /**
   * Whether a whole segment behind a bad one shows that the bad one was whole once. A server of
   * ours on the layout of 2013 has up to W headers under way at once.
   */
  private boolean isNoCrash(long id, long last) {
    return form == Form.KERNEL ? !segment.isOfAdoption() : id > last + geometry.window();
  }

  private boolean isTold() {
    return findings.damages > 0;
  }

  private long bytes(long segments) {
    return segments * geometry.segmentBytes();
  }

  private String problem(long id) {
    segment.readHeader(geometry.slot(id));
    if (segment.kind() == Kind.UNUSABLE) {
      return segment.problem();
    }
    if (segment.kind() == Kind.EMPTY || segment.id() != id) {
      return "it is not there";
    }
    if (segment.kind() == Kind.LAP) {
      return "";
    }
    segment.readLines();
    return segment.checksumOk() ? "" : "it does not fit its checksum";
  }

  /** Clean entries, a read cache, are no part of the log. */
  private void take() {
    findings.segments++;
    for (int i = 0; i < segment.length(); i++) {
      if (segment.mask(i) == 0) {
        continue;
      }
      if (segment.fitsBacking(i)) {
        findings.taken(segment, i);
      } else {
        findings.damage(segment, i, "it is for no block of a backing device");
      }
    }
  }
}
