package writeboost.cli;

import java.util.List;
import java.util.StringJoiner;
import writeboost.volume.Pieces;
import writeboost.volume.Snapshot;
import writeboost.volume.Tunable;

/** The status line of 2013: numbers in a fixed order, then pairs of a name and a value. */
final class StatusLine {

  /** Stands among the pairs, though nobody sets it. */
  static final String BATCHED = "nr_cur_batched_migration";

  private static final List<String> PAIRS =
      List.of(
          Tunable.BARRIER_DEADLINE_MS.key(),
          Tunable.ALLOW_MIGRATE.key(),
          Tunable.ENABLE_MIGRATION_MODULATOR.key(),
          Tunable.MIGRATE_THRESHOLD.key(),
          BATCHED,
          Tunable.SYNC_INTERVAL.key(),
          Tunable.UPDATE_RECORD_INTERVAL.key());

  private StatusLine() {}

  static String of(Snapshot now) {
    StringJoiner line = new StringJoiner(" ");
    add(line, now.dirtyLines());
    add(line, now.segments());
    add(line, now.writtenBackId());
    add(line, now.durableId());
    add(line, now.newestId());
    add(line, now.cursor());
    for (int kind = 0; kind < Pieces.KINDS; kind++) {
      add(line, now.pieces().of(kind));
    }
    add(line, PAIRS.size());
    for (String pair : PAIRS) {
      line.add(pair);
      Tunable tunable = Tunable.find(pair);
      add(line, tunable == null ? now.batchedSegments() : now.tunables().get(tunable));
    }
    return line.toString();
  }

  private static void add(StringJoiner line, long number) {
    line.add(Long.toString(number));
  }
}
