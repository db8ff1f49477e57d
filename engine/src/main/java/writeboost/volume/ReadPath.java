package writeboost.volume;

import writeboost.device.Errno;
import writeboost.effect.Effects;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.layout.Geometry;
import writeboost.log.LineCheck;
import writeboost.log.Log;

/**
 * What happens to a read (DESIGN section 5, "Reads"): it is cut into runs that come from one place
 * each, and every run becomes a {@link ReadPiece}. Under the core's lock.
 *
 * <pre>
 *   no line                      -> backing device, straight into the caller's buffer; neighbouring blocks in one read
 *   zero run                     -> zeroes; neighbouring blocks together
 *   line being filled            -> wait until it is published
 *   all wanted sectors in a line -> RAM buffer, or cache device and CRC check; neighbouring lines together
 *   some of them                 -> backing device, then the line's sectors laid over
 * </pre>
 */
final class ReadPath {

  /** Blocks in one device read. */
  static final int RUN_MAX = 256;

  private final Log log;
  private final Statistics statistics;
  private final UnreadLines unread;
  private final Pool<ReadPiece> pieces;

  ReadPath(
      Core core,
      Log log,
      LineCheck check,
      BouncePool bounces,
      Statistics statistics,
      UnreadLines unread) {
    this.log = log;
    this.unread = unread;
    this.statistics = statistics;
    this.pieces = new Pool<>(() -> new ReadPiece(core, this, log, check, bounces));
  }

  void accept(Ticket ticket, Effects effects) {
    while (!ticket.isTakenApart()) {
      long offset = ticket.request.offset + ticket.progress;
      long left = ticket.request.length - ticket.progress;
      ReadPiece piece = pieces.take();
      ticket.pieceBegun();
      int bytes = runBytes(offset, left);
      piece.begin(ticket, ticket.request.dataOffset + ticket.progress, offset, bytes);
      ticket.progress += bytes;
      locate(piece, effects);
    }
    ticket.pieceDone(Errno.OK, effects);
  }

  /** How much from {@code offset} on comes from one place; counts the blocks on the way. */
  private int runBytes(long offset, long left) {
    long block = offset >>> Geometry.BLOCK_SHIFT;
    int within = (int) (offset & (Geometry.BLOCK - 1));
    int bytes = (int) Math.min(Geometry.BLOCK - within, left);
    long line = log.find(block);
    count(block, line, bytes);
    int end = bytes;
    for (int blocks = 1; blocks < RUN_MAX && end < left; blocks++) {
      int more = (int) Math.min(Geometry.BLOCK, left - end);
      long nextLine = log.find(block + blocks);
      boolean joins = line < 0 ? nextLine == line : follow(line, within, blocks, nextLine, more);
      if (!joins) {
        break;
      }
      count(block + blocks, nextLine, more);
      end += more;
    }
    return end;
  }

  /** Whether a block's line lies, whole, right behind the run that begins at {@code first}. */
  private boolean follow(long first, int within, int distance, long next, int bytes) {
    return within == 0
        && bytes == Geometry.BLOCK
        && next == first + distance
        && log.ring.indexOfLine(next) == log.ring.indexOfLine(first) + distance
        && isWhole(first)
        && isWhole(next);
  }

  private boolean isWhole(long line) {
    return log.table.sectors((int) line) == Sectors.ALL
        && log.table.lost((int) line) == 0
        && !log.isFilling(line);
  }

  private void count(long block, long line, int bytes) {
    boolean onBuffer = log.isInCurrent(block, line);
    statistics.piece(false, line >= 0, onBuffer, bytes == Geometry.BLOCK);
  }

  /**
   * Finds out where a piece comes from now, and sends it on its way; again where the world has
   * moved since.
   */
  void locate(ReadPiece piece, Effects effects) {
    long line = log.find(piece.block());
    if (line == Log.ZEROES) {
      piece.zeroes(effects);
      return;
    }
    if (line == BlockIndex.NONE) {
      piece.fromBacking(BlockIndex.NONE, effects);
      return;
    }
    LineTable table = log.table;
    int wanted = piece.isSingle() ? piece.sectors() : Sectors.ALL;
    if (log.isFilling(line)) {
      piece.awaitLine(line);
    } else if ((table.lost((int) line) & wanted) != 0) {
      piece.end(Errno.EIO, effects);
    } else if ((wanted & ~table.sectors((int) line)) == 0) {
      piece.fromCache(line, wanted, effects);
    } else {
      piece.fromBacking(log.ring.positionOfLine(line), effects);
    }
  }

  /**
   * The lines that {@code piece} wanted are damaged, some of them or all, or could not be read. A
   * run is taken apart. A line that is written back is on the backing device as well; of one that
   * is not there is nothing else.
   */
  void damaged(ReadPiece piece, int error, Effects effects) {
    if (!piece.isSingle()) {
      piece.split(pieces, effects);
      return;
    }
    long line = log.find(piece.block());
    if (line != piece.line()) {
      locate(piece, effects);
    } else if (log.table.has((int) line, LineTable.DIRTY)) {
      unread.add(line);
      piece.end(error, effects);
    } else {
      piece.fromBacking(BlockIndex.NONE, effects);
    }
  }

  /** So many lines from {@code first} on have been read from the cache device, and are intact. */
  void wasRead(long first, int lines) {
    for (int i = 0; i < lines; i++) {
      unread.wasRead(first + i);
    }
  }

  void pieceDone(ReadPiece piece) {
    pieces.put(piece);
  }
}
