package writeboost.volume;

import java.util.concurrent.locks.ReentrantLock;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;
import writeboost.layout.Geometry;
import writeboost.log.Log;

/**
 * Says in which {@link BlockState} the blocks of a range are. Any thread: takes the core's lock,
 * briefly, as often as it needs it.
 */
public final class BlockStates {

  /** Blocks looked up in one go; then others get the lock. */
  private static final int BLOCKS_MAX = 1024;

  /** Such goes for one answer: 128 MiB of the volume. */
  private static final int TURNS_MAX = 32;

  private final Core core;
  private final ReentrantLock lock;
  private final Log log;

  BlockStates(Core core, ReentrantLock lock, Log log) {
    this.core = core;
    this.lock = lock;
    this.log = log;
  }

  /**
   * Answers {@code extents}, but for its completion: what is said of a block was so at a moment
   * during this call. The answer may end early.
   *
   * @return 0 or one of {@link Errno}
   */
  public int answer(Extents extents) {
    boolean more = true;
    for (int turn = 0; turn < TURNS_MAX && more; turn++) {
      lock.lock();
      try {
        int error = core.isStopping() ? Errno.ESHUTDOWN : core.admission().refusal(extents);
        if (error != Errno.OK) {
          return error;
        }
        more = add(extents);
      } finally {
        lock.unlock();
      }
    }
    return Errno.OK;
  }

  /** Goes on with the answer; false where it is complete, or has no room for more. */
  private boolean add(Extents extents) {
    for (int i = 0; i < BLOCKS_MAX; i++) {
      long offset = extents.offset + extents.described();
      long within = offset & (Geometry.BLOCK - 1);
      if (!extents.add(Geometry.BLOCK - within, state(offset >>> Geometry.BLOCK_SHIFT))) {
        return false;
      }
    }
    return true;
  }

  private int state(long block) {
    long line = log.find(block);
    if (line == Log.ZEROES) {
      return BlockState.ZERO;
    }
    if (line == BlockIndex.NONE) {
      return BlockState.ABSENT;
    }
    return log.table.has((int) line, LineTable.DIRTY) ? BlockState.DIRTY : BlockState.CLEAN;
  }

  /** Whether the devices are to be left alone, because the volume is suspended. */
  boolean areAllThereIs() {
    lock.lock();
    try {
      return core.suspension().isOn();
    } finally {
      lock.unlock();
    }
  }
}
