package writeboost.simulate;

import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.volume.Tunable;

/**
 * Somebody who sees to a volume while clients use it: tunes, drains, suspends and lets it go on. A
 * few times in a life, or never. One thread.
 */
final class Operator {

  private static final int ACTS_MAX = 12;

  private final Chance chance;
  private final EventQueue queue;
  private final PrefixChecker checker;
  private final Happenings happenings;

  /** Comes and goes with the operator. */
  private final Surveyor surveyor;

  private int left;
  private long pauseNs;

  Operator(
      Chance chance,
      EventQueue queue,
      PrefixChecker checker,
      Happenings happenings,
      Surveyor surveyor) {
    this.chance = chance;
    this.queue = queue;
    this.checker = checker;
    this.happenings = happenings;
    this.surveyor = surveyor;
  }

  /** A new life; the events of the last one are gone. */
  void begin(CoreDriver driver) {
    left = chance.oneIn(2) ? chance.between(1, ACTS_MAX) : 0;
    pauseNs = chance.oneOf(100, 5000, 200_000);
    next(driver);
    surveyor.begin(driver);
  }

  private void next(CoreDriver driver) {
    if (left-- > 0) {
      queue.later(pauseNs, () -> act(driver));
    }
  }

  private void act(CoreDriver driver) {
    switch (chance.below(8)) {
      case 0 -> driver.drain();
      case 1 -> driver.cancelDrain();
      case 2, 3, 4 -> suspend(driver);
      default -> tune(driver);
    }
    next(driver);
  }

  private void tune(CoreDriver driver) {
    Tunable tunable = Tunable.values()[chance.below(Tunable.values().length)];
    int least = tunable.least();
    driver.tune(tunable, chance.oneIn(2) ? least : chance.between(least, tunable.most()));
    happenings.happened(Happening.TUNED);
  }

  private void suspend(CoreDriver driver) {
    int promised = checker.barrierSent();
    Request quiesced = new Request(request -> quiesced(request, promised));
    quiesced.set(Operation.FLUSH, 0, 0, 0);
    driver.suspend(quiesced);
    queue.later(pauseNs, () -> resume(driver));
  }

  private void quiesced(Request request, int promised) {
    if (request.error == Errno.OK) {
      happenings.happened(Happening.SUSPENDED);
      checker.durable(promised);
    }
  }

  /** Whatever was acknowledged while all was quiet had been accepted before, and is durable. */
  private void resume(CoreDriver driver) {
    if (driver.isQuiet()) {
      checker.allDurable();
    }
    driver.resume();
  }
}
