package writeboost.log;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import writeboost.effect.Effects;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.index.ZeroRanges;
import writeboost.layout.Geometry;
import writeboost.layout.Layout;

/**
 * Where the next line goes: the current segment, its groups, and what a new segment needs before it
 * may be opened. Under the core's lock.
 */
public final class Log {

  public final Layout layout;
  public final Geometry geometry;
  public final SegmentRing ring;
  public final LineTable table;
  public final BlockIndex index;
  public final ZeroRanges zeroes;
  public final Rules rules;

  /** The incarnation that this life of the log writes under. */
  public final int incarnation;

  private final SegmentBuffer[] buffers;
  private @Nullable SegmentBuffer current;

  /** Highest id whose segment is closed and durable, with all before it. */
  private long durableId;

  /**
   * The current segment must be sealed as soon as it can be (a stop); then no further one is
   * opened.
   */
  private boolean ended;

  private long dirtyLines;
  private long linesDirtied;

  /**
   * @param memory of the RAM buffers, a multiple of a segment, aligned to 4096; at least two
   *     segments
   */
  public Log(
      Layout layout,
      Geometry geometry,
      SegmentRing ring,
      LineTable table,
      BlockIndex index,
      ZeroRanges zeroes,
      MemorySegment memory,
      int incarnation,
      long dirtyLines) {
    this.layout = layout;
    this.geometry = geometry;
    this.ring = ring;
    this.table = table;
    this.index = index;
    this.zeroes = zeroes;
    this.rules = ring.rules;
    this.incarnation = incarnation;
    this.dirtyLines = dirtyLines;
    int count = Math.toIntExact(memory.byteSize() / geometry.segmentBytes());
    if (count < 2) {
      throw new IllegalArgumentException("at least two RAM buffers are needed, not " + count);
    }
    buffers = new SegmentBuffer[count];
    for (int i = 0; i < count; i++) {
      buffers[i] =
          new SegmentBuffer(
              memory,
              i * geometry.segmentBytes(),
              geometry.linesPerSegment(),
              layout.hasLineChecksums());
    }
    durableId = ring.newestId();
  }

  // looking up

  /** What {@link #find} answers where the newest that the log has of a block is a zero run. */
  public static final long ZEROES = -2;

  /**
   * The newest that the log has of a block: the number of its line, {@link #ZEROES}, or {@link
   * BlockIndex#NONE}.
   */
  public long find(long block) {
    long line = index.find(block);
    return isZeroed(block, line) ? ZEROES : line;
  }

  /** Whether {@code found}, which {@link #find} has answered, is in the current segment. */
  public boolean isInCurrent(long block, long found) {
    if (current == null || found == BlockIndex.NONE) {
      return false;
    }
    return found == ZEROES ? ring.idOf(zeroes.find(block)) == current.id : current.holds(found);
  }

  /** Whether a zero run is newer than {@code line}, which is what the index has of the block. */
  public boolean isZeroed(long block, long line) {
    if (zeroes.isEmpty() || !rules.hold(Rule.ZERO_RUN_HIDES_LINES)) {
      return false;
    }
    long run = zeroes.find(block);
    return run != ZeroRanges.NONE && (line == BlockIndex.NONE || run > ring.positionOfLine(line));
  }

  /**
   * Whether a zero run over the block would be written back again after a crash, because no durable
   * record says that it has been. A line newer than the run must then hold all that came after it,
   * written back or not: the run will wipe the block on the backing device.
   */
  public boolean mayBeZeroedAgain(long block) {
    if (zeroes.isEmpty()) {
      return false;
    }
    long run = zeroes.find(block);
    return run != ZeroRanges.NONE
        && ring.idOf(run) > ring.durableRecordId()
        && rules.hold(Rule.MERGE_OVER_ZERO_RUN);
  }

  // taking lines

  /** The segment that takes lines now, if any. */
  public @Nullable SegmentBuffer current() {
    return current;
  }

  /**
   * Makes sure that the current segment has a free line for a client's write.
   *
   * @return false where the caller has to wait: for a RAM buffer, for the window of unflushed ids,
   *     or for write-back to free a slot
   */
  public boolean hasRoom() {
    return !ring.isReserve(currentOrNextId()) && (current != null || openNext());
  }

  /**
   * Makes sure that the current segment has a free line for the copy of an older one, which may
   * also take the last free slot: it frees another.
   */
  public boolean hasRoomForCopy() {
    return current != null || openNext();
  }

  private long currentOrNextId() {
    return current != null ? current.id : ring.newestId() + 1;
  }

  /** True where clients have to wait because write-back (or its record) is behind. */
  public boolean lacksSlot() {
    return ring.isReserve(currentOrNextId())
        || current == null && !ring.canOpen(ring.newestId() + 1);
  }

  /** True where even a copy has no slot. */
  public boolean lacksSlotForCopy() {
    return current == null && !ring.canOpen(ring.newestId() + 1);
  }

  private boolean openNext() {
    long id = ring.newestId() + 1;
    SegmentBuffer buffer = bufferFor(id);
    if (ended
        || (!buffer.isDurable() && rules.hold(Rule.BUFFER_UNTIL_DURABLE))
        || (buffer.pins > 0 && rules.hold(Rule.PINNED_BUFFER))
        || (id > durableId + geometry.window() && rules.hold(Rule.WINDOW))
        || !ring.canOpen(id)) {
      return false;
    }
    long occupant = id - geometry.segmentCount();
    if (occupant > 0) {
      forget(occupant);
    }
    ring.open(id, incarnation);
    buffer.open(id, ring.line(ring.position(id, 0)));
    current = buffer;
    return true;
  }

  /** Drops the index entries of a written-back segment whose slot is about to be used again. */
  private void forget(long id) {
    long position = ring.position(id, 0);
    int length = ring.length(id);
    for (int i = 0; i < length; i++) {
      int line = ring.line(position + i);
      if (table.has(line, LineTable.DIRTY)) {
        throw new IllegalStateException("dirty line " + i + " in written-back segment " + id);
      }
      if (table.has(line, LineTable.ZERO_RUN)) {
        long block = table.block(line);
        zeroes.remove(block, block + table.runBlocks(line), position + i);
      } else if (index.isNewest(line)) {
        index.remove(line);
      }
    }
  }

  /**
   * Takes the next line for {@code block}; {@link #hasRoom} was true. The line is dirty and filling
   * until {@link #published}. It counts for reads at once; the line it replaces stays dirty until
   * this one is durable (DESIGN section 5, rule 4).
   *
   * @param replaced the line that held the block until now, or {@link BlockIndex#NONE}
   * @return the index of the line in {@link #current()}
   */
  public int take(long block, int sectors, long replaced) {
    SegmentBuffer buffer = Objects.requireNonNull(current);
    int i = buffer.fill;
    int line = buffer.firstLine + i;
    table.set(line, block, sectors, LineTable.DIRTY | LineTable.FILLING, 0);
    if (replaced == BlockIndex.NONE) {
      index.insert(block, line);
    } else {
      index.replace(block, (int) replaced, line);
      if (table.has((int) replaced, LineTable.DIRTY)) {
        long old = ring.positionOfLine(Integer.toUnsignedLong((int) replaced));
        if (rules.hold(Rule.OLD_LINE_STAYS_DIRTY)) {
          buffer.superseded[i] = old;
        } else {
          clean(old);
        }
      }
    }
    taken(buffer);
    return i;
  }

  /**
   * Takes the next line for {@code blocks} blocks of zeroes; as {@link #take}. From now on the
   * blocks read as zeroes. Lines of theirs stay in the index, older than the run; a block that is
   * written again takes a line behind it.
   */
  public int takeZeroRun(long block, int blocks) {
    SegmentBuffer buffer = Objects.requireNonNull(current);
    int i = buffer.fill;
    long position = ring.position(buffer.id, i);
    table.setZeroRun(ring.line(position), block, blocks, LineTable.DIRTY | LineTable.FILLING);
    zeroes.add(block, block + blocks, position);
    taken(buffer);
    return i;
  }

  private void taken(SegmentBuffer buffer) {
    buffer.fill++;
    buffer.fillingOpen++;
    dirtyLines++;
    linesDirtied++;
    ring.setLength(buffer.id, buffer.fill);
    if (buffer.fill == geometry.linesPerSegment()) {
      seal();
    }
  }

  /**
   * True where {@code line} may be overwritten where it is: in the open group, in place, and nobody
   * is reading it.
   */
  public boolean isOpen(long line) {
    SegmentBuffer buffer = current;
    if (buffer == null || buffer.pins > 0 || !buffer.holds(line)) {
      return false;
    }
    return ((int) line - buffer.firstLine >= buffer.frozen || !rules.hold(Rule.FROZEN_IS_IMMUTABLE))
        && !isFilling(line);
  }

  /** Whether whoever wants the data of {@code line} has to wait for it. */
  public boolean isFilling(long line) {
    return table.has((int) line, LineTable.FILLING) && rules.hold(Rule.FILLING_LINES_WAIT);
  }

  /** Takes an open line for an overwrite in place. */
  public void refill(long line, int moreSectors) {
    SegmentBuffer buffer = Objects.requireNonNull(current);
    table.setFlag((int) line, LineTable.FILLING);
    table.setSectors((int) line, table.sectors((int) line) | moreSectors);
    buffer.fillingOpen++;
  }

  /** Lines that the current segment has left; {@link #hasRoom} was true. */
  public int linesLeft() {
    return geometry.linesPerSegment() - Objects.requireNonNull(current).fill;
  }

  /** The data of line {@code i} is in place, and summed. */
  public void published(SegmentBuffer buffer, int i, Effects effects) {
    table.clearFlag(buffer.firstLine + i, LineTable.FILLING);
    if (i < buffer.frozen) {
      buffer.fillingFrozen--;
    } else {
      buffer.fillingOpen--;
    }
    LineWaiter waiter = buffer.takeWaiters(i);
    while (waiter != null) {
      LineWaiter next = waiter.nextWaiter;
      waiter.nextWaiter = null;
      waiter.lineReady(effects);
      waiter = next;
    }
  }

  // groups

  /**
   * Ends the open group: its lines never change again, its last one carries the end mark. Where the
   * layout knows no groups, the segment ends.
   */
  public void freeze() {
    SegmentBuffer buffer = current;
    if (!layout.hasGroups()) {
      seal();
    } else if (buffer != null) {
      freeze(buffer);
    }
  }

  private void freeze(SegmentBuffer buffer) {
    if (buffer.fill == buffer.frozen) {
      return;
    }
    table.setFlag(buffer.firstLine + buffer.fill - 1, LineTable.GROUP_END);
    buffer.frozen = buffer.fill;
    buffer.fillingFrozen += buffer.fillingOpen;
    buffer.fillingOpen = 0;
  }

  /** Ends the current segment, full or not. */
  public void seal() {
    SegmentBuffer buffer = current;
    if (buffer != null && buffer.fill > 0) {
      freeze(buffer);
      buffer.closed = true;
      current = null;
    }
  }

  /** Seals the current segment and opens no other. */
  public void close() {
    seal();
    ended = true;
  }

  // places in the log

  /** The position that the next line will get, at the least. */
  public long end() {
    return current != null
        ? ring.position(current.id, current.fill)
        : ring.position(ring.newestId() + 1, 0);
  }

  /**
   * The number of the line that comes next, as the status line has it: lines of all slots before,
   * plus its index in the segment.
   */
  public long cursor() {
    return Integer.toUnsignedLong(ring.line(end()));
  }

  /** The position up to which everything belongs to a frozen group. */
  long frozenEnd() {
    return current != null
        ? ring.position(current.id, current.frozen)
        : ring.position(ring.newestId() + 1, 0);
  }

  public long durableId() {
    return durableId;
  }

  // buffers

  private SegmentBuffer bufferFor(long id) {
    return buffers[(int) (id % buffers.length)];
  }

  /** The RAM buffer that still holds segment {@code id}, if any. */
  public @Nullable SegmentBuffer bufferOf(long id) {
    SegmentBuffer buffer = bufferFor(id);
    return buffer.id == id ? buffer : null;
  }

  /** RAM buffers of this log. */
  public int bufferCount() {
    return buffers.length;
  }

  // dirtiness

  /**
   * Lines that are not on the backing device yet, those that a newer line is about to retire
   * included.
   */
  public long dirtyLines() {
    return dirtyLines;
  }

  /** Lines that have become dirty in this life. */
  public long linesDirtied() {
    return linesDirtied;
  }

  /** Whether nothing of a segment is dirty. */
  public boolean isClean(long id) {
    int length = ring.length(id);
    for (int i = 0; i < length; i++) {
      if (table.has(ring.line(ring.position(id, i)), LineTable.DIRTY)) {
        return false;
      }
    }
    return true;
  }

  /** The line at {@code position} need not be written back (any more). */
  public void clean(long position) {
    int line = ring.line(position);
    if (ring.isPresent(position) && table.has(line, LineTable.DIRTY)) {
      table.clearFlag(line, LineTable.DIRTY);
      dirtyLines--;
    }
  }

  /**
   * True where a dirty line need not be written back because a zero run that is durable covers its
   * block. (What a newer line supersedes is marked clean when that is durable.)
   */
  public boolean isZeroedForGood(long position) {
    if (zeroes.isEmpty()) {
      return false;
    }
    long run = zeroes.find(table.block(ring.line(position)));
    return run > position && ring.idOf(run) <= durableId && rules.hold(Rule.ZEROED_LINES_STAY);
  }

  // durability, told by Barriers

  /**
   * A flush has covered everything before {@code position}: what those lines superseded is retired.
   */
  void durable(long position) {
    for (long id = durableId + 1; id <= ring.newestId() && position > ring.position(id, 0); id++) {
      SegmentBuffer buffer = bufferFor(id);
      if (position >= ring.position(id + 1, 0)) {
        retire(buffer, buffer.fill);
        buffer.closedDurable = true;
        durableId = id;
      } else {
        retire(buffer, ring.indexOf(position));
      }
    }
  }

  private void retire(SegmentBuffer buffer, int lines) {
    for (int i = buffer.durable; i < lines; i++) {
      if (buffer.superseded[i] >= 0) {
        clean(buffer.superseded[i]);
        buffer.superseded[i] = -1;
      }
    }
    buffer.durable = lines;
  }
}
