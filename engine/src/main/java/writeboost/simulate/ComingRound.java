package writeboost.simulate;

import writeboost.volume.Core;
import writeboost.volume.Health;
import writeboost.volume.Snapshot;

/**
 * That a volume comes round once nothing fails any more: everything can be written back, and all is
 * well. One thread.
 */
final class ComingRound {

  private static final long STEP_NS = 1_000_000_000L;

  /** Much longer than any back-off, and than health takes to be sure. */
  private static final int STEPS_MAX = 200;

  private static final int EVENTS_MAX = 1_000_000;

  private ComingRound() {}

  /**
   * Drains the volume.
   *
   * @param damaged some lines can never be written back
   */
  static void check(Core core, CoreDriver driver, EventQueue queue, boolean damaged) {
    driver.drain();
    for (int step = 0; step < STEPS_MAX; step++) {
      driver.tick();
      for (int events = 0; !queue.isEmpty(); events++) {
        if (events == EVENTS_MAX) {
          throw new Violation("a drain goes on for ever");
        }
        queue.next();
      }
      Snapshot now = core.snapshot();
      boolean well = now.isDrained() && now.health().state() == Health.State.OK;
      if (well || damaged && now.sweptAll()) {
        return;
      }
      queue.pass(STEP_NS);
    }
    Snapshot now = core.snapshot();
    throw new Violation(
        "does not come round: %,d dirty lines, %s".formatted(now.dirtyLines(), now.health()));
  }
}
