package writeboost.volume;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.layout.Geometry;
import writeboost.log.LineCheck;
import writeboost.log.LineWaiter;
import writeboost.log.Log;
import writeboost.log.SegmentBuffer;

/**
 * The part of a write inside one block, on its way into its line: the old line's other sectors
 * first, where it needs them, then the payload. Or a run of whole blocks, on its way into lines
 * that lie one after the other. Pooled; {@link #run} outside the lock, all else under it.
 */
final class WritePiece extends LineWaiter implements DeviceOperation.Owner {

  /** So often the old line is read before its sectors are given up. */
  private static final int TRIES = 3;

  /** Where the sectors come from that the payload does not cover. */
  private enum Rest {
    /** Nowhere: they are not in the cache, or the line is full. */
    NONE,
    /** The line itself: an overwrite in place. */
    SAME,
    /** A line in RAM. */
    RAM,
    /** The cache device; read into the new line's memory. */
    DEVICE
  }

  private final Core core;
  private final WritePath path;
  private final Log log;
  private final LineCheck check;
  private final DeviceOperation read = new DeviceOperation(this);

  private @Nullable Ticket ticket;
  private boolean zeroes;
  private int within;
  private int bytes;
  private long payloadOffset;
  private MemorySegment payload = MemorySegment.NULL;

  private @Nullable SegmentBuffer buffer;
  private int index;
  private int sectors;

  private Rest rest = Rest.NONE;
  private int restSectors;
  private int lostSectors;
  private int tries;
  private long oldLine;
  private long oldId;
  private @Nullable SegmentBuffer oldBuffer;
  private int oldIndex;

  WritePiece(Core core, WritePath path, Log log, LineCheck check) {
    this.core = core;
    this.path = path;
    this.log = log;
    this.check = check;
  }

  void begin(Ticket newTicket, boolean newZeroes, int newWithin, int newBytes) {
    ticket = newTicket;
    zeroes = newZeroes;
    within = newWithin;
    bytes = newBytes;
    payload = newTicket.request.data;
    payloadOffset = newTicket.request.dataOffset + newTicket.progress;
    restSectors = 0;
    lostSectors = 0;
    oldBuffer = null;
  }

  /** Into a line of the open group that holds the block already. */
  void overwrite(SegmentBuffer current, int line) {
    buffer = current;
    index = line;
    rest = Rest.SAME;
  }

  /** Into a new line, or as many of them as the payload has blocks. */
  void fill(SegmentBuffer current, int line, int newSectors) {
    buffer = current;
    index = line;
    sectors = newSectors;
    rest = Rest.NONE;
  }

  /**
   * The new line also needs the sectors {@code rest} of {@code old}; runs as soon as they can be
   * had.
   */
  void merge(long old, int newRestSectors, Effects effects) {
    oldLine = old;
    restSectors = newRestSectors;
    oldId = log.ring.idOfLine(old);
    oldIndex = log.ring.indexOfLine(old);
    oldBuffer = log.bufferOf(oldId);
    if (oldBuffer != null) {
      rest = Rest.RAM;
      oldBuffer.pins++;
      if (log.isFilling(old)) {
        oldBuffer.awaitLine(oldIndex, this);
      } else {
        effects.run(this);
      }
      return;
    }
    rest = Rest.DEVICE;
    tries = 1;
    log.ring.pin(old);
    read.target = DeviceOperation.Target.CACHE;
    SegmentBuffer target = Objects.requireNonNull(buffer);
    long offset = log.geometry.lineOffset(log.geometry.slot(oldId), oldIndex);
    read.request.set(
        Operation.READ, 0, offset, Geometry.BLOCK, target.memory, target.lineBase(index));
    effects.submit(read);
  }

  @Override
  public void lineReady(Effects effects) {
    lostSectors = log.table.lost((int) oldLine) & restSectors;
    effects.run(this);
  }

  @Override
  public void ioDone(DeviceOperation operation, int error, Effects effects) {
    if (error != Errno.OK && tries < TRIES) {
      tries++;
      effects.submit(read);
      return;
    }
    if (error != Errno.OK) {
      lostSectors = restSectors;
    }
    effects.run(this);
  }

  @Override
  public void run() {
    SegmentBuffer target = Objects.requireNonNull(buffer);
    MemorySegment memory = target.memory;
    long line = target.lineBase(index);
    if (rest == Rest.DEVICE && lostSectors == 0 && !check.isIntact(oldId, oldIndex, memory, line)) {
      lostSectors = restSectors;
    }
    if (rest != Rest.SAME && bytes < Geometry.BLOCK) {
      fillRest(memory, line);
    }
    int left = bytes;
    int at = within;
    for (int i = index; left > 0; i++) {
      int inBlock = Math.min(Geometry.BLOCK - at, left);
      long from = payloadOffset + bytes - left;
      long to = target.lineBase(i) + at;
      if (zeroes) {
        memory.asSlice(to, inBlock).fill((byte) 0);
      } else {
        MemorySegment.copy(payload, from, memory, to, inBlock);
      }
      target.sum(i);
      left -= inBlock;
      at = 0;
    }
  }

  /**
   * Old sectors where they are wanted and can be had, zeroes elsewhere: no stale bytes of an
   * earlier segment reach the device.
   */
  private void fillRest(MemorySegment memory, long line) {
    int wanted = restSectors & ~lostSectors;
    for (int sector = 0; sector < Geometry.SECTORS_PER_BLOCK; sector++) {
      long at = (long) sector * Geometry.SECTOR;
      if ((sectors & 1 << sector) != 0) {
        continue;
      }
      if ((wanted & 1 << sector) == 0) {
        memory.asSlice(line + at, Geometry.SECTOR).fill((byte) 0);
      } else if (rest == Rest.RAM) {
        SegmentBuffer source = Objects.requireNonNull(oldBuffer);
        MemorySegment.copy(
            source.memory, source.lineBase(oldIndex) + at, memory, line + at, Geometry.SECTOR);
      }
    }
  }

  @Override
  public void finished(Effects effects) {
    SegmentBuffer target = Objects.requireNonNull(buffer);
    int line = log.ring.line(log.ring.position(target.id, index));
    switch (rest) {
      case RAM -> Objects.requireNonNull(oldBuffer).pins--;
      case DEVICE -> log.ring.unpin(oldLine);
      case NONE, SAME -> {}
    }
    if (rest == Rest.SAME) {
      log.table.setLost(line, log.table.lost(line) & ~Sectors.mask(within, bytes));
    } else if (lostSectors != 0) {
      log.table.setLost(line, log.table.lost(line) | lostSectors);
      core.statistics().lostSectors(Integer.bitCount(lostSectors));
    }
    boolean keptApart = lostSectors == 0 || log.layout.hasLostSectors();
    if (!keptApart) {
      // The line must not reach the device as if it were whole.
      core.cacheFailed("read of a line that a write has to keep", Errno.EIO, effects);
    }
    Ticket done = Objects.requireNonNull(ticket);
    ticket = null;
    payload = MemorySegment.NULL;
    oldBuffer = null;
    buffer = null;
    int lines = Math.max(1, bytes >>> Geometry.BLOCK_SHIFT);
    for (int i = index; i < index + lines; i++) {
      log.published(target, i, effects);
    }
    path.pieceDone(this);
    done.pieceDone(keptApart ? Errno.OK : Errno.EIO, effects);
  }
}
