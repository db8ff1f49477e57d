package writeboost.volume;

/**
 * The status line, in the order of 2013: one line of numbers for scripts.
 *
 * <pre>
 * nr_dirty nr_segments last_migrated last_flushed current_id cursor
 * 16 counters of pieces, by kind
 * 7, the number of pairs that follow
 * barrier_deadline_ms N allow_migrate N enable_migration_modulator N migrate_threshold N
 * nr_cur_batched_migration N sync_interval N update_record_interval N
 * </pre>
 */
public final class StatusLine {

  private static final int PAIRS = 7;

  private StatusLine() {}

  /** Of the moment that {@code snapshot} shows; no line end. */
  public static String of(Snapshot snapshot) {
    StringBuilder line = new StringBuilder();
    line.append(snapshot.dirtyLines());
    append(line, snapshot.segments());
    append(line, snapshot.writtenBackId());
    append(line, snapshot.durableId());
    append(line, snapshot.newestId());
    append(line, snapshot.cursor());
    for (int kind = 0; kind < Pieces.KINDS; kind++) {
      append(line, snapshot.pieces().of(kind));
    }
    append(line, PAIRS);
    append(line, snapshot, Tunable.BARRIER_DEADLINE_MS);
    append(line, snapshot, Tunable.ALLOW_MIGRATE);
    append(line, snapshot, Tunable.ENABLE_MIGRATION_MODULATOR);
    append(line, snapshot, Tunable.MIGRATE_THRESHOLD);
    append(line, "nr_cur_batched_migration", snapshot.batchedSegments());
    append(line, snapshot, Tunable.SYNC_INTERVAL);
    append(line, snapshot, Tunable.UPDATE_RECORD_INTERVAL);
    return line.toString();
  }

  private static void append(StringBuilder line, long number) {
    line.append(' ').append(number);
  }

  private static void append(StringBuilder line, Snapshot snapshot, Tunable tunable) {
    append(line, tunable.key(), snapshot.tunables().get(tunable));
  }

  private static void append(StringBuilder line, String name, long value) {
    line.append(' ').append(name).append(' ').append(value);
  }
}
