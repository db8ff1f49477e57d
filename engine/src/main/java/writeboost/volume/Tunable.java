package writeboost.volume;

import org.jspecify.annotations.Nullable;

/**
 * What can be set at start and while the volume runs (DESIGN section 8), under the names of 2013
 * and of the kernel module's 2.2.
 */
public enum Tunable {
  /**
   * Whether write-back may run in the background. While the modulator is on, the modulator sets it.
   */
  ALLOW_MIGRATE("allow_migrate", "allow_writeback", 1, 0, 1, ""),

  /** Whether the load of the backing device decides over {@link #ALLOW_MIGRATE}. */
  ENABLE_MIGRATION_MODULATOR(
      "enable_migration_modulator", "enable_writeback_modulator", 1, 0, 1, ""),

  /** The load from which on the modulator stops background write-back; without its own share. */
  MIGRATE_THRESHOLD("migrate_threshold", "writeback_threshold", 70, 0, 100, "% busy"),

  /** Segments that background write-back takes at once, at the most. */
  NR_MAX_BATCHED_MIGRATION(
      "nr_max_batched_migration", "nr_max_batched_writeback", 32, 1, 1024, "segments"),

  /** How long a barrier may wait for others to share its flush. */
  BARRIER_DEADLINE_MS("barrier_deadline_ms", "barrier_deadline_ms", 0, 0, 1000, "ms"),

  /** How often the record is written though nobody needs it yet; 0: only when slots are needed. */
  UPDATE_RECORD_INTERVAL("update_record_interval", "update_sb_record_interval", 60, 0, 3600, "s"),

  /** How often what was accepted is made durable though nobody asks for it; 0: never. */
  SYNC_INTERVAL("sync_interval", "sync_data_interval", 60, 0, 3600, "s");

  private final String key;
  private final String laterKey;
  private final int standard;
  private final int least;
  private final int most;
  private final String unit;

  Tunable(String key, String laterKey, int standard, int least, int most, String unit) {
    this.key = key;
    this.laterKey = laterKey;
    this.standard = standard;
    this.least = least;
    this.most = most;
    this.unit = unit;
  }

  /** The one with this name, of 2013 or of 2.2; null where there is none. */
  public static @Nullable Tunable find(String name) {
    for (Tunable tunable : values()) {
      if (tunable.key.equals(name) || tunable.laterKey.equals(name)) {
        return tunable;
      }
    }
    return null;
  }

  /** The name of 2013. */
  public String key() {
    return key;
  }

  /** The name that 2.2 gives it. */
  public String laterKey() {
    return laterKey;
  }

  /** The value that holds unless another is set. */
  public int standard() {
    return standard;
  }

  public int least() {
    return least;
  }

  public int most() {
    return most;
  }

  /** Of the values; empty for switches. */
  public String unit() {
    return unit;
  }

  /**
   * Returns {@code value}.
   *
   * @throws IllegalArgumentException if it is out of range, which the message names
   */
  public int require(int value) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s: %d is out of range; it takes %d to %d%s"
              .formatted(key, value, least, most, unit.isEmpty() ? "" : " (" + unit + ")"));
    }
    return value;
  }
}
