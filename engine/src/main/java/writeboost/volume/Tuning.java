package writeboost.volume;

import writeboost.writeback.Writeback;

/** What is set, and what follows from it for the parts of the core. Under the core's lock. */
final class Tuning {

  private final Writeback writeback;
  private final Modulator modulator = new Modulator();
  private Tunables tunables = Tunables.STANDARD;

  Tuning(Writeback writeback) {
    this.writeback = writeback;
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
      case BARRIER_DEADLINE_MS, UPDATE_RECORD_INTERVAL, SYNC_INTERVAL -> {}
    }
    writeback.setAllowed(isMigrationAllowed());
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
