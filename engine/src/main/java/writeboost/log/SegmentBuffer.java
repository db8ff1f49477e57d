package writeboost.log;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import writeboost.layout.Crc32c;
import writeboost.layout.Geometry;

/**
 * One segment in RAM: header, lines, and how far each of them has come. Under the core's lock, but
 * for the memory of reserved lines, which whoever reserved them fills.
 *
 * <pre>
 *   line 0 ........ durable ..... written ..... submitted ..... frozen ..... fill ..... n
 *        on the device for good | write done | lent to device | immutable | open group | free
 * </pre>
 *
 * <p>The counters only grow during one life of the buffer, in this order: durable &lt;= written
 * &lt;= submitted &lt;= frozen &lt;= fill.
 */
public final class SegmentBuffer {

  /** The memory of the whole pool; this buffer's part begins at {@link #base}. */
  public final MemorySegment memory;

  /** Bytes from the start of {@link #memory} to this segment's header. */
  public final long base;

  /**
   * Segment id, 0 where the buffer has never been used. The content stays valid until the buffer is
   * opened again.
   */
  public long id;

  /** Lines taken. */
  public int fill;

  /** Lines in groups that a barrier or the sealing closed; they never change again. */
  public int frozen;

  /** Lines handed to the device. */
  int submitted;

  /** Lines whose write has completed. */
  int written;

  /** Lines that a successful flush has covered. */
  int durable;

  /** No more lines will come. */
  public boolean closed;

  /** The header that says so has been handed to the device / its write has completed. */
  boolean closedSubmitted;

  boolean closedWritten;

  /** A successful flush has covered that write. */
  boolean closedDurable;

  /** Writes of this segment that the device has not answered, or one being encoded. */
  int writesInFlight;

  /** Lines below {@link #frozen}, and from there on, whose data is not in place yet. */
  int fillingFrozen;

  int fillingOpen;

  /**
   * Who reads this memory outside the lock; while not 0 the buffer is not opened again, nor a line
   * overwritten in place.
   */
  public int pins;

  /** CRC-32C of the data of lines 0 .. {@link #submitted}; kept by the encoder. */
  int dataCrc;

  /** The line number of line 0, unsigned. */
  int firstLine;

  /** Per line: the CRC-32C of its data, where the layout has checksums. */
  private final int[] lineDataCrcs;

  /**
   * Per line: the position of the dirty line that it replaced and that is retired once this one is
   * durable, or -1.
   */
  final long[] superseded;

  private final @Nullable LineWaiter[] waiters;

  SegmentBuffer(MemorySegment memory, long base, int linesPerSegment, boolean summed) {
    this.memory = memory;
    this.base = base;
    this.lineDataCrcs = new int[summed ? linesPerSegment : 0];
    this.superseded = new long[linesPerSegment];
    this.waiters = new LineWaiter[linesPerSegment];
  }

  void open(long newId, int newFirstLine) {
    id = newId;
    firstLine = newFirstLine;
    fill = 0;
    frozen = 0;
    submitted = 0;
    written = 0;
    durable = 0;
    closed = false;
    closedSubmitted = false;
    closedWritten = false;
    closedDurable = false;
    dataCrc = 0;
    Arrays.fill(superseded, -1);
  }

  /** Nothing of this life is needed for durability any more. */
  boolean isDurable() {
    return id == 0 || closedDurable;
  }

  /** Bytes from the start of {@link #memory} to line {@code i}. */
  public long lineBase(int i) {
    return base + (long) Geometry.BLOCK * (1 + i);
  }

  /** Whether the line of this number is one of the segment's, which is the newest in its slot. */
  boolean holds(long line) {
    long i = line - Integer.toUnsignedLong(firstLine);
    return i >= 0 && i < superseded.length;
  }

  /**
   * The data of line {@code i} is what it will be when the line is published. Called by whoever has
   * filled it, outside the lock, while the processor's cache still has the data.
   */
  public void sum(int i) {
    if (lineDataCrcs.length > 0) {
      lineDataCrcs[i] = Crc32c.of(memory, lineBase(i), Geometry.BLOCK);
    }
  }

  /** What {@link #sum} has found. */
  int lineDataCrc(int i) {
    return lineDataCrcs[i];
  }

  /** Lets {@code waiter} know when line {@code i} is published. */
  public void awaitLine(int i, LineWaiter waiter) {
    waiter.nextWaiter = waiters[i];
    waiters[i] = waiter;
  }

  /** Takes the waiters of line {@code i} in order of arrival. */
  @Nullable LineWaiter takeWaiters(int i) {
    LineWaiter reversed = waiters[i];
    waiters[i] = null;
    LineWaiter inOrder = null;
    while (reversed != null) {
      LineWaiter next = reversed.nextWaiter;
      reversed.nextWaiter = inOrder;
      inOrder = reversed;
      reversed = next;
    }
    return inOrder;
  }

  @Override
  public String toString() {
    return "segment "
        + id
        + " durable "
        + durable
        + " written "
        + written
        + " submitted "
        + submitted
        + " frozen "
        + frozen
        + " fill "
        + fill
        + (closed ? " closed" : "");
  }
}
