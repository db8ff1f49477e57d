package writeboost.volume;

import writeboost.log.Barriers;
import writeboost.log.Interval;
import writeboost.writeback.Recorder;
import writeboost.writeback.Writeback;

/** What is set, and what follows from it for the parts of the core. Under the core's lock. */
final class Tuning {

  private static final long NS_PER_MS = 1_000_000;

  private final Writeback writeback;
  private final Recorder recorder;
  private final Barriers barriers;
  private final Interval sync = new Interval();
  private final Modulator modulator = new Modulator();
  private Tunables tunables = Tunables.STANDARD;

  Tuning(Writeback writeback, Recorder recorder, Barriers barriers) {
    this.writeback = writeback;
    this.recorder = recorder;
    this.barriers = barriers;
    for (Tunable tunable : Tunable.values()) {
      set(tunable, tunable.standard());
    }
  }

  /**
   * Sets {@code tunable}.
   *
   * @throws IllegalArgumentException if {@code value} is out of range; then nothing has changed
   */
  void set(Tunable tunable, int value) {
    tunables = tunables.with(tunable, value);
    switch (tunable) {
      case NR_MAX_BATCHED_MIGRATION -> writeback.setBatchSegments(value);
      case MIGRATE_THRESHOLD -> modulator.setThreshold(value);
      case ALLOW_MIGRATE, ENABLE_MIGRATION_MODULATOR -> {}
      case BARRIER_DEADLINE_MS -> barriers.setDeadline(value * NS_PER_MS);
      case UPDATE_RECORD_INTERVAL -> recorder.setInterval(value);
      case SYNC_INTERVAL -> sync.setSeconds(value);
    }
    writeback.setAllowed(isMigrationAllowed());
  }

  /** The time goes on; {@code nowNs} is monotonic. */
  void tick(long nowNs) {
    recorder.tick(nowNs);
    if (sync.isOver(nowNs)) {
      barriers.sync();
    }
  }

  /** How busy the backing device has been until now, as {@link Modulator#sample} has it. */
  void backingLoad(long nowNs, long busyNs, long writebackNs) {
    modulator.sample(nowNs, busyNs, writebackNs);
    writeback.setAllowed(isMigrationAllowed());
  }

  /** While the modulator is on, it decides; what was set holds again when it is off. */
  private boolean isMigrationAllowed() {
    return tunables.isOn(Tunable.ENABLE_MIGRATION_MODULATOR)
        ? modulator.allows()
        : tunables.isOn(Tunable.ALLOW_MIGRATE);
  }

  /** What holds now: what was set, but for what the modulator has decided. */
  Tunables inForce() {
    return tunables.with(Tunable.ALLOW_MIGRATE, isMigrationAllowed() ? 1 : 0);
  }

  /** Percent, or {@link Modulator#UNKNOWN}. */
  int backingLoad() {
    return modulator.load();
  }
}
