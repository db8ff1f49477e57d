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
  private boolean cacheHasFailed;
  private long damagedLines;
  private long lostSectors;
  private long refusedLines;

  Troubles(String backing, Path cache) {
    this.backing = backing;
    this.cache = cache;
  }

  void look(Snapshot now) {
    lookAtLines(now);
    lookAtHealth(now.health());
  }

  private void lookAtHealth(Health now) {
    if (now.state() != state || !kind(now.reason()).equals(kind(reason))) {
      switch (now.state()) {
        case OK -> LOG.log(Level.INFO, "{0}: {1}", backing, afterTrouble());
        case DEGRADED ->
            LOG.log(
                Level.WARNING,
                now.byCache()
                    ? "{0}: degraded ({1}); it is tried again, and all else goes on, but what"
                        + " cannot be read there may be lost: look at the device"
                    : "{0}: degraded ({1}); nothing is lost, and it is tried again, but mend this"
                        + " before the cache is full",
                now.byCache() ? cache : backing,
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
    cacheHasFailed |= now.state() != Health.State.OK && now.byCache();
    state = now.state();
    reason = now.reason();
  }

  private String afterTrouble() {
    return cacheHasFailed || damagedLines + lostSectors + refusedLines > 0
        ? "no device fails at the moment; what could not be read, or not be written back, may stay"
            + " so"
        : "all is well again";
  }

  private void lookAtLines(Snapshot now) {
    if (isMuchMore(now.damagedLines(), damagedLines)) {
      damagedLines = now.damagedLines();
      LOG.log(
          Level.WARNING,
          "{0}: {1} lines that are not written back are damaged, or cannot be read: reads of them"
              + " fail until they are overwritten; all else goes on, but replace the device soon",
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
