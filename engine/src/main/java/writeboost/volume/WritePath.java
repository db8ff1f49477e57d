package writeboost.volume;

import java.util.Objects;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.effect.Effects;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.layout.Geometry;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.Rule;
import writeboost.log.SegmentBuffer;

/**
 * What happens to a write (DESIGN section 5, rule 1): each piece gets its line at once, in the
 * order of arrival, so that the order of the lines in the log <em>is</em> the order of the writes;
 * only its data may come later. What finds no room waits in one queue. Under the core's lock.
 *
 * <p>An overwrite goes in place only into the open group and only when nobody is filling or reading
 * the line; otherwise the piece takes a new line, and what it does not cover is merged in from the
 * old one.
 */
final class WritePath {

  /**
   * Lines that one turn takes before others get the lock; the rest of a larger request follows when
   * those are done.
   */
  private static final int LINES_PER_TURN = 2048;

  private final Log log;
  private final Statistics statistics;
  private final Pool<WritePiece> pieces;

  private final TicketQueue waiting = new TicketQueue();

  WritePath(Core core, Log log, LineCheck check, Statistics statistics) {
    this.log = log;
    this.statistics = statistics;
    this.pieces = new Pool<>(() -> new WritePiece(core, this, log, check));
  }

  void accept(Ticket ticket, Effects effects) {
    if (waiting.isEmpty() && takeApart(ticket, effects)) {
      ticket.pieceDone(Errno.OK, effects);
    } else {
      waiting.add(ticket);
    }
  }

  /** Goes on with the requests that wait for room, oldest first. */
  void advance(Effects effects) {
    Ticket oldest = waiting.first();
    while (oldest != null && takeApart(oldest, effects)) {
      waiting.removeFirst().pieceDone(Errno.OK, effects);
      oldest = waiting.first();
    }
  }

  boolean hasWaiting() {
    return !waiting.isEmpty();
  }

  /** Requests that wait for room. */
  int waitingCount() {
    return waiting.count();
  }

  /** {@code ticket} waits no more; what has begun of it runs to its end. */
  void cancel(Ticket ticket, Effects effects) {
    if (waiting.remove(ticket)) {
      ticket.refuse(Errno.ECANCELED, effects);
    }
  }

  /** As {@link #cancel}, all of them. */
  void endWaiting(int error, Effects effects) {
    waiting.endAll(error, effects);
  }

  /** Makes pieces of what is left of a request; false where it has to wait for room. */
  private boolean takeApart(Ticket ticket, Effects effects) {
    long length = ticket.request.length;
    int lines = 0;
    while (ticket.progress < length) {
      if (lines >= LINES_PER_TURN || !log.hasRoom()) {
        return false;
      }
      long offset = ticket.request.offset + ticket.progress;
      long block = offset >>> Geometry.BLOCK_SHIFT;
      int within = (int) (offset & (Geometry.BLOCK - 1));
      long whole = within == 0 ? length - ticket.progress >>> Geometry.BLOCK_SHIFT : 0;
      int runBlocks = zeroBlocks(ticket, whole);
      if (runBlocks > 1) {
        placeZeroRun(ticket, block, runBlocks, effects);
        lines++;
        ticket.progress += (long) runBlocks * Geometry.BLOCK;
        continue;
      }
      int placed = placeRun(ticket, block, whole, effects);
      lines += placed;
      ticket.progress += (long) placed * Geometry.BLOCK;
      if (placed == 0) {
        int bytes = (int) Math.min(Geometry.BLOCK - within, length - ticket.progress);
        place(ticket, block, within, bytes, effects);
        lines++;
        ticket.progress += bytes;
      }
    }
    return true;
  }

  /**
   * How many of the {@code whole} blocks that a request goes on with are zeroes that one run takes.
   * TRIM is a promise of zeroes too: what is discarded must not come back as something older.
   */
  private int zeroBlocks(Ticket ticket, long whole) {
    if (ticket.request.operation == Operation.WRITE || !log.layout.hasZeroRuns()) {
      return 0;
    }
    return (int) Math.min(whole, LineTable.RUN_BLOCKS_MAX);
  }

  /** The run's line holds a block of zeroes, as any line holds a block. */
  private void placeZeroRun(Ticket ticket, long block, int blocks, Effects effects) {
    statistics.piece(true, false, false, true);
    WritePiece piece = pieces.take();
    ticket.pieceBegun();
    piece.begin(ticket, true, 0, Geometry.BLOCK);
    SegmentBuffer buffer = Objects.requireNonNull(log.current());
    piece.fill(buffer, log.takeZeroRun(block, blocks), Sectors.ALL);
    effects.run(piece);
  }

  /**
   * Takes new lines for the {@code whole} blocks that a request goes on with, as many as the
   * current segment has room for; one piece fills them all.
   *
   * @return how many; none where the first block is to be overwritten in place
   */
  private int placeRun(Ticket ticket, long block, long whole, Effects effects) {
    SegmentBuffer buffer = Objects.requireNonNull(log.current());
    int most = (int) Math.min(whole, log.linesLeft());
    int first = buffer.fill;
    int lines = 0;
    while (lines < most) {
      long old = log.index.find(block + lines);
      boolean zeroed = log.isZeroed(block + lines, old);
      if (!zeroed && old != BlockIndex.NONE && log.isOpen(old)) {
        break;
      }
      long found = zeroed ? Log.ZEROES : old;
      boolean inCurrent = log.isInCurrent(block + lines, found);
      statistics.piece(true, found >= 0, inCurrent, true);
      log.take(block + lines, Sectors.ALL, old);
      lines++;
    }
    if (lines > 0) {
      WritePiece piece = pieces.take();
      ticket.pieceBegun();
      int bytes = lines * Geometry.BLOCK;
      piece.begin(ticket, ticket.request.operation != Operation.WRITE, 0, bytes);
      piece.fill(buffer, first, Sectors.ALL);
      effects.run(piece);
    }
    return lines;
  }

  /** A block that is not written whole, or an overwrite in place. */
  private void place(Ticket ticket, long block, int within, int bytes, Effects effects) {
    int sectors = Sectors.mask(within, bytes);
    long old = log.index.find(block);
    boolean zeroed = log.isZeroed(block, old);
    long found = zeroed ? Log.ZEROES : old;
    statistics.piece(true, found >= 0, log.isInCurrent(block, found), sectors == Sectors.ALL);
    WritePiece piece = pieces.take();
    ticket.pieceBegun();
    piece.begin(ticket, ticket.request.operation != Operation.WRITE, within, bytes);
    SegmentBuffer buffer = Objects.requireNonNull(log.current());
    if (zeroed) {
      // Zeroes all around the payload, which the piece fills in where nothing is to be merged.
      piece.fill(buffer, log.take(block, Sectors.ALL, old), sectors);
      effects.run(piece);
      return;
    }
    if (old != BlockIndex.NONE && log.isOpen(old)) {
      log.refill(old, sectors);
      piece.overwrite(buffer, log.ring.indexOfLine(old));
      effects.run(piece);
      return;
    }
    int rest =
        old != BlockIndex.NONE && isNeeded(old, block)
            ? log.table.sectors((int) old) & ~sectors
            : 0;
    int lost = rest == 0 ? 0 : log.table.lost((int) old) & rest;
    int i = log.take(block, sectors | rest, old);
    piece.fill(buffer, i, sectors);
    if (rest == 0) {
      effects.run(piece);
    } else {
      log.table.setLost(log.ring.line(log.ring.position(buffer.id, i)), lost);
      piece.merge(old, rest, effects);
    }
  }

  /** Whether what a line holds is to go along into a newer one. */
  private boolean isNeeded(long line, long block) {
    boolean dirty =
        log.table.has((int) line, LineTable.DIRTY) && log.rules.hold(Rule.MERGE_OLDER_SECTORS);
    return dirty || log.mayBeZeroedAgain(block);
  }

  void pieceDone(WritePiece piece) {
    pieces.put(piece);
  }
}
