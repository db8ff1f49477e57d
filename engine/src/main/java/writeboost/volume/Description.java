package writeboost.volume;

import java.util.concurrent.atomic.AtomicInteger;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Extents;

/**
 * The answer to one {@link Volume#describe}. First the log is asked, and only then, of the blocks
 * that it has nothing of, the backing device. On the thread that asks, and then on those that the
 * backing device answers on, one at a time; touches the core only in the beginning.
 *
 * <p>The other order would be wrong: the backing device says "hole" of a block that is dirty, the
 * block is written back and leaves the log, and the log knows nothing of it any more. In this order
 * a block that the log had nothing of at first held, at that moment, what was on the backing
 * device; it can be something else when that is asked only if it has been changed in between. So
 * each block was what is said of it at one moment of the question, at least.
 */
public final class Description {

  /** Extents of the log that one answer goes through. */
  private static final int RUNS_MAX = 1024;

  /** Extents that the backing device is asked for at once. */
  private static final int PART_MAX = 128;

  /** Questions to the backing device, for one answer. */
  private static final int QUESTIONS_MAX = 64;

  private final Extents whole;
  private final BlockDevice backing;
  private final Extents log;
  private final Extents part = new Extents(PART_MAX, unused -> partAnswered());
  private final AtomicInteger answered = new AtomicInteger();

  /** The extent of the log that comes next, and how much of it is described. */
  private int run;

  private long within;
  private int questions;

  private Description(Extents whole, BlockDevice backing, Extents log) {
    this.whole = whole;
    this.backing = backing;
    this.log = log;
  }

  /** Answers {@code whole}. */
  public static void begin(Extents whole, Core core, BlockDevice backing) {
    int runs = Math.min(whole.most(), RUNS_MAX);
    Extents log = new Extents(runs, unused -> {}).ask(whole.offset, whole.length, runs);
    int error = core.states().answer(log);
    if (error != Errno.OK) {
      whole.complete(error);
    } else if (core.states().areAllThereIs()) {
      for (int i = 0; i < log.count(); i++) {
        whole.add(log.length(i), known(log.state(i)));
      }
      whole.complete(Errno.OK);
    } else {
      new Description(whole, backing, log).goOn();
    }
  }

  /** What is said of blocks that the log has something of, and, for want of better, of others. */
  private static int known(int state) {
    return state == BlockState.ZERO ? Extents.HOLE | Extents.ZERO : 0;
  }

  /** Up to the next block that the log has nothing of. */
  private void goOn() {
    for (; run < log.count(); run++) {
      if (log.state(run) == BlockState.ABSENT) {
        if (questions++ == QUESTIONS_MAX) {
          break;
        }
        long left = log.length(run) - within;
        part.ask(whole.offset + whole.described(), left, PART_MAX);
        backing.describe(part);
        return;
      }
      if (!whole.add(log.length(run), known(log.state(run)))) {
        break;
      }
    }
    whole.complete(Errno.OK);
  }

  /** Not recursive, even where the backing device answers inside {@code describe}. */
  private void partAnswered() {
    if (answered.getAndIncrement() == 0) {
      do {
        takePart();
      } while (answered.decrementAndGet() != 0);
    }
  }

  private void takePart() {
    boolean room = true;
    if (part.error != Errno.OK || part.count() == 0) { // nothing is known, so it is data
      part.ask(part.offset, part.length, 1).add(part.length, 0);
    }
    for (int i = 0; i < part.count() && room; i++) {
      room = whole.add(part.length(i), part.state(i));
    }
    within += part.described();
    if (within >= log.length(run)) {
      within = 0;
      run++;
    }
    if (room) {
      goOn();
    } else {
      whole.complete(Errno.OK);
    }
  }
}
