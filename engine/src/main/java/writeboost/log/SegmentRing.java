package writeboost.log;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import writeboost.layout.Geometry;

/**
 * The slots of the cache device: which segment lives in each, and whether it may be replaced. Under
 * the core's lock.
 *
 * <p>A <em>position</em> counts lines over the whole life of the log: (id - 1) * n + i. Positions
 * order everything; a position belongs to one segment for ever, while a <em>line number</em>, slot
 * * n + i, is used again in every lap.
 *
 * <pre>
 *   ids:  ... writtenBack | dirty, closed ... | newest (current)
 *              ^ slots up to here may be reused once a record of it is durable
 * </pre>
 */
public final class SegmentRing {

  private static final long STATE_BYTES = Long.BYTES;
  private static final int LENGTH_BITS = 8;
  private static final int PIN_BITS = 24;
  private static final long LENGTH_MASK = (1L << LENGTH_BITS) - 1;
  private static final long PIN_ONE = 1L << LENGTH_BITS;
  private static final long PIN_MASK = ((1L << PIN_BITS) - 1) << LENGTH_BITS;

  public final Geometry geometry;
  public final Rules rules;
  private final int linesPerSegment;
  private final long segmentCount;
  private final long totalLines;

  /** Per slot one long: length 8 bits, pins 24 bits, incarnation 32 bits. */
  private final MemorySegment states;

  private long newestId;
  private long writtenBackId;
  private long durableRecordId;

  /**
   * @param memory zeroed, {@link #bytes} long
   */
  public SegmentRing(Geometry geometry, MemorySegment memory, Rules rules) {
    this.rules = rules;
    this.geometry = geometry;
    this.linesPerSegment = geometry.linesPerSegment();
    this.segmentCount = geometry.segmentCount();
    this.totalLines = linesPerSegment * segmentCount;
    this.states = memory;
  }

  /** Bytes of memory that a ring of this geometry needs. */
  public static long bytes(Geometry geometry) {
    return STATE_BYTES * geometry.segmentCount();
  }

  // positions, lines, ids

  public long position(long id, int i) {
    return (id - 1) * linesPerSegment + i;
  }

  public long idOf(long position) {
    return position / linesPerSegment + 1;
  }

  public int indexOf(long position) {
    return (int) (position % linesPerSegment);
  }

  /** The line number of a position. */
  public int line(long position) {
    return (int) (position % totalLines);
  }

  /** The segment that a line number belongs to now. */
  public long idOfLine(long line) {
    return idIn((int) (line / linesPerSegment));
  }

  public int indexOfLine(long line) {
    return (int) (line % linesPerSegment);
  }

  public long positionOfLine(long line) {
    return position(idOfLine(line), indexOfLine(line));
  }

  /**
   * The newest segment that was opened in {@code slot}: the one id in (newest - segmentCount,
   * newest] that maps there.
   */
  private long idIn(int slot) {
    return newestId - Math.floorMod(newestId - 1 - slot, segmentCount);
  }

  /** True while the line at {@code position} has not been given to a later lap. */
  public boolean isPresent(long position) {
    return idOf(position) > newestId - segmentCount;
  }

  private int slot(long id) {
    return (int) ((id - 1) % segmentCount);
  }

  // the life of the slots

  public long newestId() {
    return newestId;
  }

  /** Everything up to this segment is on the backing device for good. */
  public long writtenBackId() {
    return writtenBackId;
  }

  /** The newest record that is durable on the cache device. */
  public long durableRecordId() {
    return durableRecordId;
  }

  /**
   * Start of a life: everything up to {@code record} is written back, the next id is {@code newest
   * + 1}.
   */
  void restore(long record, long newest) {
    writtenBackId = record;
    durableRecordId = record;
    newestId = newest;
  }

  /** A segment found at resume. */
  void restoreSegment(long id, int length, int incarnation) {
    setState(slot(id), length, incarnation);
  }

  /**
   * DESIGN section 5, reusing a slot: only when its old occupant is written back and unpinned, and
   * a record of that is durable. Not at submission but already when the segment is opened, so that
   * an open segment can always be written.
   */
  boolean canOpen(long id) {
    long occupant = id - segmentCount;
    boolean unpinned = pins(slot(id)) == 0 || !rules.hold(Rule.SLOT_UNPINNED);
    return occupant <= 0 || (freeId() >= occupant && unpinned);
  }

  /** Slots up to that of this segment may be used again. */
  private long freeId() {
    return rules.hold(Rule.SLOT_RECORD_DURABLE) ? durableRecordId : writtenBackId;
  }

  /**
   * Whether {@code id} takes the last slot that may be used: no durable record sets the next one
   * free. Only copies of lines of the oldest segments go there, never clients' lines, so that there
   * is always a way to free a slot; and resume may drop it, because their originals are all there.
   */
  boolean isReserve(long id) {
    return id + 1 - segmentCount > freeId();
  }

  void open(long id, int incarnation) {
    if (id != newestId + 1 || !canOpen(id)) {
      throw new IllegalStateException("segment " + id + " opened after " + newestId);
    }
    newestId = id;
    setState(slot(id), 0, incarnation);
  }

  void setLength(long id, int length) {
    int slot = slot(id);
    write(slot, (state(slot) & ~LENGTH_MASK) | length);
  }

  public void writtenBack(long id) {
    if (id < writtenBackId || id > newestId) {
      throw new IllegalStateException("written back " + id + " after " + writtenBackId);
    }
    writtenBackId = id;
  }

  public void recordDurable(long id) {
    durableRecordId = Math.max(durableRecordId, id);
  }

  // slots

  /** Lines that the segment {@code id} holds. */
  public int length(long id) {
    return (int) (state(slot(id)) & LENGTH_MASK);
  }

  /** The incarnation that wrote the segment now in the slot of {@code id}. */
  public int incarnation(long id) {
    return (int) (state(slot(id)) >>> 32);
  }

  /** Keeps the slot of a line from being reused while the device is read there. */
  public void pin(long line) {
    int slot = (int) (line / linesPerSegment);
    write(slot, state(slot) + PIN_ONE);
  }

  public void unpin(long line) {
    int slot = (int) (line / linesPerSegment);
    if (pins(slot) == 0) {
      throw new IllegalStateException("slot " + slot + " is not pinned");
    }
    write(slot, state(slot) - PIN_ONE);
  }

  private int pins(int slot) {
    return (int) ((state(slot) & PIN_MASK) >>> LENGTH_BITS);
  }

  private long state(int slot) {
    return states.get(ValueLayout.JAVA_LONG, slot * STATE_BYTES);
  }

  private void setState(int slot, int length, int incarnation) {
    write(slot, length | (long) incarnation << 32);
  }

  private void write(int slot, long state) {
    states.set(ValueLayout.JAVA_LONG, slot * STATE_BYTES, state);
  }
}
