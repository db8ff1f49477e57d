package writeboost.simulate;

import static writeboost.layout.Geometry.SECTOR;
import static writeboost.layout.Geometry.SECTORS_PER_BLOCK;

import java.util.Set;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.volume.BlockState;
import writeboost.volume.Description;

/**
 * Somebody who asks now and then where the blocks of a volume are, and what it knows of its space,
 * and does not take its word for it. One thread.
 *
 * <p>What is said to be zero must be something that a read could have found: at the moment of the
 * question where the log alone is asked, at some moment since where the backing device is asked as
 * well. What is said to be clean, or not in the log, must be on the backing device.
 */
final class Surveyor {

  /** What is asked. Something may come between, to see that a wrong answer is noticed. */
  interface Surveyed {
    /** As {@link writeboost.volume.BlockStates#answer}. */
    int states(Extents extents);

    /** As {@link Description}. */
    void describe(Extents extents);

    /** The backing device alone. */
    void describeBacking(Extents extents);
  }

  private record Sound(CoreDriver driver, BlockDevice backing) implements Surveyed {
    @Override
    public int states(Extents extents) {
      return driver.core().states().answer(extents);
    }

    @Override
    public void describe(Extents extents) {
      Description.begin(extents, driver.core(), backing);
    }

    @Override
    public void describeBacking(Extents extents) {
      backing.describe(extents);
    }
  }

  private static final int SURVEYS_MAX = 12;
  private static final int SECTORS_MAX = 10 * SECTORS_PER_BLOCK;

  private final Chance chance;
  private final EventQueue queue;
  private final PrefixChecker checker;
  private final Happenings happenings;
  private final SimulatedDisk backing;
  private final Simulation.Decoration decoration;
  private final int sectors;

  /** Blocks that nothing can be demanded of. */
  private final Set<Long> damagedBlocks;

  private int left;
  private long pauseNs;

  Surveyor(
      Chance chance,
      EventQueue queue,
      PrefixChecker checker,
      Happenings happenings,
      SimulatedDisk backing,
      Set<Long> damagedBlocks,
      Simulation.Decoration decoration) {
    this.chance = chance;
    this.queue = queue;
    this.checker = checker;
    this.happenings = happenings;
    this.backing = backing;
    this.damagedBlocks = damagedBlocks;
    this.decoration = decoration;
    sectors = (int) (backing.size() / SECTOR);
  }

  /** A new life; the events of the last one are gone. */
  void begin(CoreDriver newDriver) {
    left = chance.oneIn(2) ? chance.between(1, SURVEYS_MAX) : 0;
    pauseNs = chance.oneOf(100, 5000, 200_000);
    next(newDriver, decoration.survey(new Sound(newDriver, backing)));
  }

  private void next(CoreDriver to, Surveyed surveyed) {
    if (left-- > 0) {
      queue.later(pauseNs, () -> survey(to, surveyed));
    }
  }

  private void survey(CoreDriver to, Surveyed surveyed) {
    int first = chance.oneIn(4) ? 0 : chance.below(sectors);
    int count = Math.min(chance.oneOf(sectors, chance.between(1, SECTORS_MAX)), sectors - first);
    int most = chance.oneOf(1, 4, 1000);
    if (chance.oneIn(2)) {
      askForStates(to, surveyed, first, count, most);
    } else {
      askForDescription(surveyed, first, count, most);
    }
    next(to, surveyed);
  }

  // where the blocks are

  private void askForStates(CoreDriver to, Surveyed surveyed, int first, int count, int most) {
    Extents extents = new Extents(most, unused -> {});
    extents.ask((long) first * SECTOR, (long) count * SECTOR, most);
    if (isAnswer(extents, surveyed.states(extents))) {
      happenings.happened(Happening.STATES_SURVEYED);
      long[] onBacking = ReadBack.contents(backing.image());
      int sector = first;
      long dirty = 0;
      for (int i = 0; i < extents.count(); i++) {
        int end = sector + (int) (extents.length(i) / SECTOR);
        if (extents.state(i) == BlockState.DIRTY) {
          dirty += (end - 1) / SECTORS_PER_BLOCK - sector / SECTORS_PER_BLOCK + 1;
        }
        for (; sector < end; sector++) {
          check(sector, extents.state(i), onBacking[sector]);
        }
      }
      if (dirty > to.core().snapshot().dirtyLines()) {
        throw new Violation("%d dirty blocks in fewer lines".formatted(dirty));
      }
    }
  }

  private void check(int sector, int state, long onBacking) {
    if (state == BlockState.ZERO) {
      checker.read(sector, checker.readSent(sector), Payload.ZEROES);
    } else if (state != BlockState.DIRTY
        && !damagedBlocks.contains((long) sector / SECTORS_PER_BLOCK)) {
      checker.read(sector, checker.readSent(sector), onBacking);
    }
  }

  // what is known of its space

  private void askForDescription(Surveyed surveyed, int first, int count, int most) {
    int[] oldest = new int[count];
    for (int i = 0; i < count; i++) {
      oldest[i] = checker.readSent(first + i);
    }
    Extents extents = new Extents(most, answered -> described(answered, first, oldest));
    surveyed.describe(extents.ask((long) first * SECTOR, (long) count * SECTOR, most));
  }

  private void described(Extents extents, int first, int[] oldest) {
    if (!isAnswer(extents, extents.error)) {
      return;
    }
    happenings.happened(Happening.DESCRIBED);
    int i = 0;
    for (int extent = 0; extent < extents.count(); extent++) {
      boolean zero = (extents.state(extent) & Extents.ZERO) != 0;
      happenings.happened(Happening.HOLE_DESCRIBED, zero ? 1 : 0);
      for (int end = i + (int) (extents.length(extent) / SECTOR); i < end; i++) {
        if (zero) {
          checker.read(first + i, oldest[i], Payload.ZEROES);
        }
      }
    }
  }

  /** Whether there is one: not after a stop. */
  private static boolean isAnswer(Extents extents, int error) {
    if (error == Errno.ESHUTDOWN) {
      return false;
    }
    if (error != Errno.OK || extents.count() == 0) {
      throw new Violation("a question was answered %s".formatted(Errno.name(error)));
    }
    for (int i = 0; i < extents.count(); i++) {
      if (extents.length(i) <= 0 || extents.length(i) % SECTOR != 0) {
        throw new Violation("an extent of %d bytes".formatted(extents.length(i)));
      }
    }
    return true;
  }
}
