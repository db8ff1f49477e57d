package writeboost.cli;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import writeboost.volume.Health;
import writeboost.volume.Snapshot;

/**
 * Says on stderr what befalls a served volume: each kind of trouble when it begins, and what is
 * counted again whenever there is twice as much of it. One thread.
 */
final class Troubles {

  private static final System.Logger LOG = System.getLogger("writeboost");

  private final String backing;
  private final Path cache;
  private Health.State state = Health.State.OK;
  private String reason = "";
  private long damagedLines;
  private long lostSectors;
  private long refusedLines;

  Troubles(String backing, Path cache) {
    this.backing = backing;
    this.cache = cache;
  }

  void look(Snapshot now) {
    lookAtHealth(now.health());
    lookAtLines(now);
  }

  private void lookAtHealth(Health now) {
    if (now.state() != state || !kind(now.reason()).equals(kind(reason))) {
      switch (now.state()) {
        case OK -> LOG.log(Level.INFO, "{0}: all is well again", backing);
        case DEGRADED ->
            LOG.log(
                Level.WARNING,
                "{0}: degraded ({1}); nothing is lost, and it is tried again, but mend this before"
                    + " the cache is full",
                backing,
                now.reason());
        case FAILED ->
            LOG.log(
                Level.ERROR,
                "{0}: failed ({1}): writes are refused, reads go on; mend the device, then start"
                    + " again",
                cache,
                now.reason());
      }
    }
    state = now.state();
    reason = now.reason();
  }

  private void lookAtLines(Snapshot now) {
    if (isMuchMore(now.damagedLines(), damagedLines)) {
      damagedLines = now.damagedLines();
      LOG.log(
          Level.WARNING,
          "{0}: {1} lines are damaged that are not written back: reads of them fail until they are"
              + " overwritten; all else goes on, but replace the device soon",
          cache,
          damagedLines);
    }
    if (isMuchMore(now.lostSectors(), lostSectors)) {
      lostSectors = now.lostSectors();
      LOG.log(
          Level.WARNING,
          "{0}: {1} sectors of damaged lines are lost: reads of them fail until they are"
              + " overwritten",
          cache,
          lostSectors);
    }
    if (isMuchMore(now.refusedLines(), refusedLines)) {
      refusedLines = now.refusedLines();
      LOG.log(
          Level.WARNING,
          "{0}: refuses {1} lines for good: they stay in the cache, nothing is lost; replace the"
              + " device soon",
          backing,
          refusedLines);
    }
  }

  private static boolean isMuchMore(long now, long before) {
    return now > 0 && now >= 2 * before;
  }

  /** The error alone, which ends the text: not a line for every place on the device. */
  private static String kind(String reason) {
    return reason.substring(reason.lastIndexOf(": ") + 1);
  }
}
