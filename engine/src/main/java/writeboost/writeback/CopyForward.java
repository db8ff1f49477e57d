package writeboost.writeback;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.index.LineTable;
import writeboost.layout.Geometry;
import writeboost.log.Barriers;
import writeboost.log.DurabilityWaiter;
import writeboost.log.LineCheck;
import writeboost.log.Log;
import writeboost.log.SegmentBuffer;
import writeboost.log.SegmentWriter;

/**
 * Keeps lines that cannot be written back from stopping the log (DESIGN section 5, rule 10): when
 * somebody waits for room, and the oldest segment has such lines, each is copied into the current
 * segment; sectors that cannot be verified are marked lost there. The old segment is written back
 * once the copies are durable. Under the core's lock.
 *
 * <pre>
 *   IDLE -> READING a line -> taking the next line of the log for it -> READING the next one ... -> SYNCING -> IDLE
 *             refused: WAITING, again          no room there: NO_ROOM, and write-back has another try
 * </pre>
 *
 * <p>Not sooner than when the room is needed: the copies fill segments too, and would be copied for
 * ever where nobody writes. One segment at a time: its copies fit the segment that the log keeps
 * for them ({@link Log#hasRoomForCopy}).
 */
final class CopyForward extends DurabilityWaiter implements DeviceOperation.Owner {

  private enum Phase {
    IDLE,
    READING,
    WAITING,
    NO_ROOM,
    SYNCING
  }

  private final Log log;
  private final LineCheck check;
  private final Barriers barriers;
  private final SegmentWriter.Failure failure;
  private final MemorySegment memory;
  private final long base;
  private final DeviceOperation read = new DeviceOperation(this);
  private final BackOff backOff = new BackOff();

  private Phase phase = Phase.IDLE;
  private long sweptId;
  private long id;
  private int index;

  /** Reads of this segment that were refused; write-back had its own tries before. */
  private int tries;

  private boolean intact;
  private long nowNs;

  /** Lines with lost sectors copied since the log last took a line of somebody else. */
  private long lostInARow;

  private long linesOfOthers;

  private long copied;
  private long lostSectors;

  /**
   * @param base bytes from the start of {@code memory} to 4096 of it that are ours
   */
  CopyForward(
      Log log,
      LineCheck check,
      Barriers barriers,
      SegmentWriter.Failure failure,
      MemorySegment memory,
      long base) {
    this.log = log;
    this.check = check;
    this.barriers = barriers;
    this.failure = failure;
    this.memory = memory;
    this.base = base;
    sweptId = log.ring.writtenBackId();
  }

  /**
   * Up to here every segment has had its turn: what of it is still dirty is not to be written back.
   */
  long sweptId() {
    return sweptId;
  }

  /** The segments up to {@code newId} have had their turn. */
  void swept(long newId) {
    sweptId = newId;
    release();
  }

  /** The oldest segments are written back as far as nothing in them is dirty. */
  private void release() {
    long oldest = log.ring.writtenBackId() + 1;
    while (oldest <= sweptId && log.isClean(oldest)) {
      log.ring.writtenBack(oldest++);
    }
  }

  /**
   * Moves on as far as possible without waiting; {@code urged}: somebody waits for room in the log.
   */
  void advance(boolean urged, long now, Effects effects) {
    nowNs = now;
    switch (phase) {
      case IDLE -> {
        if (urged) {
          begin(effects);
        }
      }
      case WAITING -> {
        if (backOff.isOver(nowNs)) {
          read(effects);
        }
      }
      case NO_ROOM -> {
        if (log.lacksSlotForCopy() && backOff.isOver(nowNs)) {
          letWriteBackTryAgain();
        } else {
          place(effects);
        }
      }
      case READING, SYNCING -> {}
    }
  }

  /**
   * A resume has found the log so full that not even a copy has room. The backing device may take
   * by now what it has refused.
   */
  private void letWriteBackTryAgain() {
    sweptId = log.ring.writtenBackId();
    phase = Phase.IDLE;
  }

  private void begin(Effects effects) {
    release();
    if (log.ring.writtenBackId() < sweptId) {
      id = log.ring.writtenBackId() + 1;
      index = -1;
      tries = 0;
      next(effects);
    }
  }

  /** On to the next line that has to be copied; behind the last one, until all is durable. */
  private void next(Effects effects) {
    do {
      index++;
    } while (index < log.ring.length(id) && !isNeeded());
    if (index < log.ring.length(id)) {
      read(effects);
    } else {
      phase = Phase.SYNCING;
      barriers.await(this, effects);
    }
  }

  /** Whether the line is all that the log has of its block; otherwise what is newer retires it. */
  private boolean isNeeded() {
    int line = line();
    return log.table.has(line, LineTable.DIRTY)
        && log.find(log.table.block(line)) == Integer.toUnsignedLong(line);
  }

  private int line() {
    return log.ring.line(log.ring.position(id, index));
  }

  private void read(Effects effects) {
    phase = Phase.READING;
    read.target = DeviceOperation.Target.CACHE;
    long offset = log.geometry.lineOffset(log.geometry.slot(id), index);
    read.request.set(Operation.READ, 0, offset, Geometry.BLOCK, memory, base);
    effects.submit(read);
  }

  @Override
  public void ioDone(DeviceOperation operation, int error, Effects effects) {
    if (error != Errno.OK && !isFinal(error)) {
      backOff.failed(nowNs);
      phase = Phase.WAITING;
      return;
    }
    backOff.succeeded();
    // Rare and short, so the check and the copy of a line are done under the lock.
    intact = error == Errno.OK && check.isIntact(id, index, memory, base);
    place(effects);
  }

  /** Whether the line is given up. A layout that has no checksums cannot say of sectors either. */
  private boolean isFinal(int error) {
    return ++tries >= Writeback.TRIES && Errno.isBadPlace(error) && log.layout.hasLineChecksums();
  }

  /** The line takes its new place, unless something newer has made it superfluous meanwhile. */
  private void place(Effects effects) {
    if (isNeeded()) {
      if (!log.hasRoomForCopy()) {
        if (phase != Phase.NO_ROOM) {
          backOff.failed(nowNs);
        }
        phase = Phase.NO_ROOM;
        return;
      }
      copy(effects);
    }
    if (lostInARow > log.geometry.lineCount()) {
      failure.cacheFailed("more blocks are lost than the log has room for", Errno.EIO, effects);
    } else {
      next(effects);
    }
  }

  private void copy(Effects effects) {
    int old = line();
    int sectors = log.table.sectors(old);
    int lost = intact ? log.table.lost(old) : sectors;
    long others = log.end() - copied;
    lostInARow = lost != 0 && others == linesOfOthers ? lostInARow + 1 : 0;
    linesOfOthers = others;
    copied++;
    lostSectors += Integer.bitCount(lost & ~log.table.lost(old));
    SegmentBuffer buffer = Objects.requireNonNull(log.current());
    int i = log.take(log.table.block(old), sectors, Integer.toUnsignedLong(old));
    log.table.setLost(log.ring.line(log.ring.position(buffer.id, i)), lost);
    MemorySegment target = buffer.memory.asSlice(buffer.lineBase(i), Geometry.BLOCK).fill((byte) 0);
    for (int sector = 0; sector < Geometry.SECTORS_PER_BLOCK; sector++) {
      if ((sectors & ~lost & 1 << sector) != 0) {
        long at = (long) sector * Geometry.SECTOR;
        MemorySegment.copy(memory, base + at, target, at, Geometry.SECTOR);
      }
    }
    buffer.sum(i);
    log.published(buffer, i, effects);
  }

  /** What has taken the place of the segment's dirty lines is durable. */
  @Override
  public void durable(int error, Effects effects) {
    if (error != Errno.OK) {
      return; // the volume has failed
    }
    for (int i = 0; i < log.ring.length(id); i++) {
      log.clean(log.ring.position(id, i));
    }
    release();
    phase = Phase.IDLE;
  }

  /** Whether it waits for nothing that is on its way. */
  boolean isQuiet() {
    return phase != Phase.READING && phase != Phase.SYNCING;
  }

  /** Lines copied. */
  long copied() {
    return copied;
  }

  /** Sectors given up. */
  long lostSectors() {
    return lostSectors;
  }
}
