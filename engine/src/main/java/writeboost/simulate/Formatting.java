package writeboost.simulate;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import writeboost.device.Blocking;
import writeboost.layout.FormatDecision;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.LapLayout;
import writeboost.layout.LapSuperblock;
import writeboost.layout.Superblock;

/**
 * Formats the cache device: an empty one, or over an old cache, as often as crashes ask for it. One
 * thread.
 */
final class Formatting {

  private final Chance chance;
  private final Plan plan;
  private final Blocking cache;
  private final Memory memory;

  /** In layout v2. */
  private Superblock wanted;

  /** Whether the next start has to look at what is there; not so once a cache has been resumed. */
  private boolean uncertain;

  private boolean overOldCache;

  /** A format has begun and not come to its end. */
  private boolean interrupted;

  Formatting(Chance chance, Plan plan, Blocking cache, Memory memory) {
    this.chance = chance;
    this.plan = plan;
    this.cache = cache;
    this.memory = memory;
    wanted = newSuperblock();
    uncertain = true;
  }

  private Superblock newSuperblock() {
    UUID uuid = new UUID(chance.below(1 << 30), chance.below(1 << 30));
    return Superblock.create(plan.geometry(), uuid, plan.volumeBytes(), 0, 0);
  }

  /** There is a cache already, of the kernel module; it will be adopted under this UUID. */
  Superblock adopting() {
    uncertain = false;
    return wanted;
  }

  /** The next start formats over the cache that is there. */
  void again() {
    wanted = newSuperblock();
    uncertain = true;
    overOldCache = true;
    interrupted = false;
  }

  /** False where it is certain which cache the next start will find. */
  boolean isUncertain() {
    return uncertain;
  }

  /** Whether {@link #format} has to be called before the cache can be resumed. */
  boolean isNeeded() throws IOException {
    if (!uncertain) {
      return false;
    }
    return !interrupted || looksUnfinished();
  }

  /** Asks what serving the device would ask: after a crash in a format any answer but a refusal. */
  private boolean looksUnfinished() throws IOException {
    memory.reset();
    long bytes = Geometry.SUPERBLOCK_REGION;
    MemorySegment first = memory.unzeroed(bytes);
    MemorySegment last = memory.unzeroed(bytes);
    cache.read(0, first);
    cache.read(cache.device().size() - bytes, last);
    return switch (FormatDecision.of(first, last, false)) {
      case FormatDecision.Format _ -> true;
      case FormatDecision.Resume _, FormatDecision.ResumeLaps _ -> false;
      case FormatDecision.Refuse refuse ->
          throw new Violation("refused after a crash in a format: " + refuse.reason().getMessage());
    };
  }

  void format() throws IOException {
    interrupted = true;
    Formatter.Clearing[] ways = Formatter.Clearing.values();
    int first = overOldCache ? 1 : 0; // not NOTHING, which is for new files
    Formatter.Clearing way = ways[chance.between(first, ways.length - 1)];
    if (plan.layout() == LapLayout.INSTANCE) {
      LapSuperblock superblock = new LapSuperblock(plan.geometry().order());
      Formatter.format(cache, superblock, way, Formatter.Progress.NONE);
    } else {
      Formatter.format(cache, wanted, way, Formatter.Progress.NONE);
    }
  }

  /** A cache has been resumed: it is there for good. True if it is the one that was formatted. */
  boolean resumed(UUID uuid) {
    // Layout v1 tells no cache from another; there, no format goes over an old cache.
    boolean isNew =
        uncertain && (plan.layout() == LapLayout.INSTANCE || uuid.equals(wanted.uuid()));
    uncertain = false;
    return isNew;
  }
}
