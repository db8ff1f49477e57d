package writeboost.volume;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.KnownZeroes;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.index.BlockIndex;
import writeboost.layout.Geometry;
import writeboost.log.LineCheck;
import writeboost.log.LineWaiter;
import writeboost.log.Log;
import writeboost.log.Rule;
import writeboost.log.SegmentBuffer;

/**
 * A run of a read that comes from one place, on its way into the caller's memory. Pooled; {@link
 * #run} outside the lock, all else under it.
 *
 * <p>While a piece reads the cache device its slot is pinned, while it reads a RAM buffer that
 * buffer is. While it waits for the backing device it holds nothing: a backing device that hangs
 * must not stop the log. If the block's line has changed meanwhile, what was read may be older than
 * the line was, so the piece starts over.
 */
final class ReadPiece extends LineWaiter implements DeviceOperation.Owner {

  private enum Source {
    /** One line, some of its sectors or all; or a run of whole lines. */
    RAM,
    /** Whole lines, straight into the caller's memory. */
    DEVICE,
    /** One line, through a bounce buffer. */
    BOUNCE,
    /** A zero run. */
    ZEROES,
    BACKING
  }

  private final Core core;
  private final ReadPath path;
  private final Log log;
  private final LineCheck check;
  private final BouncePool bounces;
  private final DeviceOperation read = new DeviceOperation(this);

  private @Nullable Ticket ticket;
  private MemorySegment payload = MemorySegment.NULL;
  private long payloadOffset;
  private long offset;
  private int bytes;

  private Source source = Source.BACKING;
  private long line;
  private long id;
  private int index;

  /** The sectors of the line that are laid into the caller's memory. */
  private int taken;

  /**
   * The position of the block's line when the backing device was asked, or {@link BlockIndex#NONE}.
   */
  private long overlaid;

  private @Nullable SegmentBuffer buffer;
  private long bounce;
  private boolean damaged;

  ReadPiece(Core core, ReadPath path, Log log, LineCheck check, BouncePool bounces) {
    this.core = core;
    this.path = path;
    this.log = log;
    this.check = check;
    this.bounces = bounces;
  }

  void begin(Ticket newTicket, long newPayloadOffset, long newOffset, int newBytes) {
    ticket = newTicket;
    payload = newTicket.request.data;
    payloadOffset = newPayloadOffset;
    offset = newOffset;
    bytes = newBytes;
    overlaid = BlockIndex.NONE;
    damaged = false;
  }

  /** The line that it has been looking at, the first one of a run. */
  long line() {
    return line;
  }

  long block() {
    return offset >>> Geometry.BLOCK_SHIFT;
  }

  private int within() {
    return (int) (offset & (Geometry.BLOCK - 1));
  }

  /** True where the piece lies inside one block. */
  boolean isSingle() {
    return within() + bytes <= Geometry.BLOCK;
  }

  /** The sectors wanted of a single block. */
  int sectors() {
    return Sectors.mask(within(), bytes);
  }

  // where it comes from

  void awaitLine(long filling) {
    SegmentBuffer holder = Objects.requireNonNull(log.bufferOf(log.ring.idOfLine(filling)));
    holder.awaitLine(log.ring.indexOfLine(filling), this);
  }

  @Override
  public void lineReady(Effects effects) {
    if (overlaid == BlockIndex.NONE) {
      path.locate(this, effects);
    } else {
      overlay(effects);
    }
  }

  void zeroes(Effects effects) {
    source = Source.ZEROES;
    KnownZeroes known = Objects.requireNonNull(ticket).request.zeroes;
    if (known != null) {
      known.add(offset, bytes);
    }
    effects.run(this);
  }

  void fromBacking(long position, Effects effects) {
    source = Source.BACKING;
    overlaid = position;
    read.target = DeviceOperation.Target.BACKING;
    read.request.set(Operation.READ, 0, offset, bytes, payload, payloadOffset);
    effects.submit(read);
  }

  /**
   * Takes the sectors {@code wanted} from {@code newLine} and, where the piece is a run, from the
   * whole lines behind it.
   */
  void fromCache(long newLine, int wanted, Effects effects) {
    line = newLine;
    taken = wanted;
    id = log.ring.idOfLine(line);
    index = log.ring.indexOfLine(line);
    buffer = log.bufferOf(id);
    if (buffer != null) {
      source = Source.RAM;
      buffer.pins++;
      effects.run(this);
      return;
    }
    log.ring.pin(line);
    if (wanted == Sectors.ALL) {
      source = Source.DEVICE;
      readCache(payload, payloadOffset, bytes, effects);
      return;
    }
    source = Source.BOUNCE;
    bounce = bounces.take(this);
    if (bounce >= 0) {
      readCache(bounces.memory(), bounce, Geometry.BLOCK, effects);
    }
  }

  void bounceFree(Effects effects) {
    bounce = bounces.take(this);
    readCache(bounces.memory(), bounce, Geometry.BLOCK, effects);
  }

  private void readCache(MemorySegment memory, long memoryOffset, long length, Effects effects) {
    read.target = DeviceOperation.Target.CACHE;
    read.request.set(
        Operation.READ,
        0,
        log.geometry.lineOffset(log.geometry.slot(id), index),
        length,
        memory,
        memoryOffset);
    effects.submit(read);
  }

  @Override
  public void ioDone(DeviceOperation operation, int error, Effects effects) {
    if (source == Source.BACKING) {
      if (error != Errno.OK || overlaid == BlockIndex.NONE) {
        end(error, effects);
      } else {
        overlay(effects);
      }
    } else if (error != Errno.OK) {
      letGo(effects);
      path.damaged(this, error, effects);
    } else {
      effects.run(this);
    }
  }

  /** The backing device has answered; now the sectors that the line holds. */
  private void overlay(Effects effects) {
    long now = log.find(block());
    if (now < 0 && !log.rules.hold(Rule.OVERLAY_AGAIN)) {
      end(Errno.OK, effects);
    } else if (now < 0
        || log.ring.positionOfLine(now) != overlaid && log.rules.hold(Rule.OVERLAY_AGAIN)) {
      overlaid = BlockIndex.NONE;
      path.locate(this, effects);
    } else if (log.isFilling(now)) {
      awaitLine(now);
    } else if ((log.table.lost((int) now) & sectors()) != 0) {
      end(Errno.EIO, effects);
    } else if ((log.table.sectors((int) now) & sectors()) == 0) {
      end(Errno.OK, effects);
    } else {
      fromCache(now, log.table.sectors((int) now) & sectors(), effects);
    }
  }

  // moving it

  @Override
  public void run() {
    switch (source) {
      case RAM -> {
        SegmentBuffer from = Objects.requireNonNull(buffer);
        if (isSingle()) {
          lay(from.memory, from.lineBase(index));
        } else {
          MemorySegment.copy(from.memory, from.lineBase(index), payload, payloadOffset, bytes);
        }
      }
      case BOUNCE -> {
        damaged = !check.isIntact(id, index, bounces.memory(), bounce);
        if (!damaged) {
          lay(bounces.memory(), bounce);
        }
      }
      case DEVICE -> {
        for (int i = 0; i * Geometry.BLOCK < bytes; i++) {
          damaged |=
              !check.isIntact(id, index + i, payload, payloadOffset + (long) i * Geometry.BLOCK);
        }
      }
      case ZEROES -> payload.asSlice(payloadOffset, bytes).fill((byte) 0);
      case BACKING -> throw new IllegalStateException("nothing to move");
    }
  }

  private void lay(MemorySegment from, long base) {
    int sector = Sectors.next(taken, 0);
    while (sector < Geometry.SECTORS_PER_BLOCK) {
      int end = Sectors.runEnd(taken, sector);
      long at = (long) sector * Geometry.SECTOR;
      long length = (long) (end - sector) * Geometry.SECTOR;
      MemorySegment.copy(from, base + at, payload, payloadOffset + at - within(), length);
      sector = Sectors.next(taken, end);
    }
  }

  @Override
  public void finished(Effects effects) {
    letGo(effects);
    if (damaged) {
      core.statistics().damagedLine();
      damaged = false;
      path.damaged(this, Errno.EIO, effects);
    } else {
      if (source == Source.DEVICE || source == Source.BOUNCE) {
        path.wasRead(line, source == Source.DEVICE ? bytes / Geometry.BLOCK : 1);
      }
      end(Errno.OK, effects);
    }
  }

  /** Ends in favour of one piece for each of its blocks. */
  void split(Pool<ReadPiece> pieces, Effects effects) {
    Ticket whole = Objects.requireNonNull(ticket);
    for (int i = 0; i < bytes; i += Geometry.BLOCK) {
      ReadPiece piece = pieces.take();
      whole.pieceBegun();
      piece.begin(whole, payloadOffset + i, offset + i, Geometry.BLOCK);
      path.locate(piece, effects);
    }
    end(Errno.OK, effects);
  }

  private void letGo(Effects effects) {
    switch (source) {
      case RAM -> Objects.requireNonNull(buffer).pins--;
      case DEVICE -> log.ring.unpin(line);
      case BOUNCE -> {
        log.ring.unpin(line);
        bounces.put(bounce, effects);
      }
      case ZEROES, BACKING -> {}
    }
    buffer = null;
  }

  void end(int error, Effects effects) {
    Ticket done = Objects.requireNonNull(ticket);
    ticket = null;
    payload = MemorySegment.NULL;
    path.pieceDone(this);
    done.pieceDone(error, effects);
  }
}
