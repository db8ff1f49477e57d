package writeboost.log;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import writeboost.device.Blocking;
import writeboost.layout.Geometry;
import writeboost.layout.SegmentHeaderView;
import writeboost.layout.Superblock;

/** The headers of a cache of ours, looked at one by one at a resume. One thread. */
final class Headers {

  private final HeaderReader reader;
  private final Superblock superblock;
  private final Geometry geometry;
  private final int linesPerSegment;
  private final MemorySegment memory;
  private final Rules rules;
  private final SegmentHeaderView view = new SegmentHeaderView();

  /**
   * @param superblock with the incarnation of this life
   * @param memory the header that is read lies at its start
   * @param ahead memory to read others to, one block at least, aligned to 4096
   */
  Headers(
      Blocking cache,
      Superblock superblock,
      MemorySegment memory,
      MemorySegment ahead,
      Rules rules) {
    this.reader = new HeaderReader(cache, superblock.geometry(), ahead);
    this.superblock = superblock;
    this.geometry = superblock.geometry();
    this.linesPerSegment = geometry.linesPerSegment();
    this.memory = memory;
    this.rules = rules;
  }

  /** Reads what is in the slot of a segment. */
  SegmentHeaderView read(long id) throws IOException {
    reader.read(geometry.slot(id), memory);
    return view.over(memory, 0);
  }

  /** To be called when the header of any segment has been written. */
  void written() {
    reader.forget();
  }

  /** The header just read is that of segment {@code id} of this cache, and sound. */
  boolean isOf(long id) {
    return isOurs() && view.id() == id && view.length() <= linesPerSegment;
  }

  private boolean isOurs() {
    return view.isOurs(superblock.uuidHigh(), superblock.uuidLow())
        || !rules.hold(Rule.HEADER_IS_OURS);
  }

  /** As {@link #isOf}, and not older than its predecessor. */
  boolean follows(long id, int incarnation) {
    boolean inOrder =
        view.incarnation() >= incarnation && view.incarnation() <= superblock.incarnation();
    return isOurs()
        && (view.id() == id || !rules.hold(Rule.HEADER_ID))
        && view.length() <= linesPerSegment
        && (inOrder || !rules.hold(Rule.INCARNATION_ORDER));
  }

  /**
   * Whether segment {@code id} may hold writes of clients. Not so the one in the last free slot
   * (see {@link SegmentRing#isReserve}): it holds copies of lines that are all in the run before
   * it. It is dropped, so that there is room for copies again.
   */
  boolean mayHoldWrites(long id, long record) {
    long slots = geometry.segmentCount();
    return id - record < slots || id - record == slots && id <= superblock.adoptedUpTo();
  }

  /**
   * Reads headers only: every sound one behind {@code after} says what was durable when it was
   * built. Those behind a missing one too, or a damaged header would pass for the end of the log.
   *
   * @param known what is known without them
   */
  Mark newestDurableMark(long after, long most, Mark known) throws IOException {
    Mark mark = known;
    // One more than a window: the one behind a damaged header says that it was durable.
    long reach = geometry.window() + 1L;
    long end = after + reach;
    for (long id = after + 1; id <= Math.min(end, most); id++) {
      read(id);
      if (follows(id, 0)) {
        mark = mark.max(new Mark(view.durableId(), view.durableLines()));
        end = id + reach;
      }
    }
    return mark;
  }

  /**
   * Where the log begins, for all that its headers say: at the lowest segment from which an
   * unbroken run leads to what was durable last. All that is written back already is in the log
   * still, or older than that run; entered once more it changes nothing. Where every slot is in
   * use, the oldest segment is written back, or the newest would hold no writes.
   *
   * @param known what is durable at least
   */
  long lowestOfRun(Mark known) throws IOException {
    int slots = geometry.segmentCount();
    long[] ids = new long[slots];
    Mark durable = known;
    for (int slot = 0; slot < slots; slot++) {
      read(slot + 1);
      long id = view.id();
      boolean adopted = id > 0 && id <= superblock.adoptedUpTo();
      boolean ours = id > 0 && isOf(id);
      if ((adopted || ours) && geometry.slot(id) == slot) {
        ids[slot] = id;
      }
      if (ours) {
        durable = durable.max(new Mark(view.durableId(), view.durableLines()));
      }
    }
    long newest = Arrays.stream(ids).max().orElse(0);
    long least = newest <= superblock.adoptedUpTo() ? 1 : Math.max(1, newest + 2 - slots);
    long lowest = Math.max(least, durable.lastId() + 1);
    while (lowest > least && ids[geometry.slot(lowest - 1)] == lowest - 1) {
      lowest--;
    }
    return lowest;
  }
}
