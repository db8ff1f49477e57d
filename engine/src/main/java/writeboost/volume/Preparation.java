package writeboost.volume;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.Fingerprint;
import writeboost.layout.ChecksumLayout;
import writeboost.layout.FormatDecision;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.LapLayout;
import writeboost.layout.LapSuperblock;
import writeboost.layout.Layout;
import writeboost.layout.Superblock;
import writeboost.layout.UnusableCacheException;

/**
 * What has to be so before a cache can be started: it is the one asked for, or the device is empty
 * and gets formatted. Anything else is refused, and nothing written. One thread.
 */
final class Preparation {

  /** What was on the cache device, and what has become of it. */
  enum Found {
    FORMATTED,
    OURS,
    /** The kernel module's, and ours now. */
    ADOPTED,
    /** The kernel module's, and still is. */
    BORROWED
  }

  private static final System.Logger LOG = System.getLogger(Preparation.class.getName());

  private final BlockDevice backing;
  private final Blocking cache;
  private final VolumeOptions options;
  private final Formatter.Progress progress;

  Preparation(
      BlockDevice backing, Blocking cache, VolumeOptions options, Formatter.Progress progress) {
    this.backing = backing;
    this.cache = cache;
    this.options = options;
    this.progress = progress;
  }

  /**
   * Formats where that may be done; afterwards the cache can be resumed, or adopted.
   *
   * @param first memory of 1 MiB
   * @param last as much
   */
  Found run(MemorySegment first, MemorySegment last) throws IOException {
    Geometry geometry = geometry(cache, options);
    cache.read(0, first);
    cache.read(cache.device().size() - Geometry.SUPERBLOCK_REGION, last);
    switch (FormatDecision.of(first, last, options.cacheFreshlyCreated())) {
      case FormatDecision.Resume(Superblock superblock) -> {
        requireLayout(ChecksumLayout.INSTANCE);
        Fingerprint actual = backing.fingerprint();
        try {
          superblock.requireMatch(
              options.order(), cache.device().size(), backing.size(), actual.high(), actual.low());
        } catch (UnusableCacheException reason) {
          throw named(reason);
        }
        if (superblock.isPaired()) {
          requireOldBacking();
          warnOfLostIdentity(superblock, actual);
        } else {
          pair(superblock, first);
        }
        return Found.OURS;
      }
      case FormatDecision.ResumeLaps(LapSuperblock superblock) -> {
        requireLayout(LapLayout.INSTANCE);
        try {
          superblock.requireOrder(options.order());
        } catch (UnusableCacheException reason) {
          throw named(reason);
        }
        requireOldBacking();
        return Found.OURS;
      }
      case FormatDecision.Refuse(UnusableCacheException reason) -> {
        if (reason.kind() == UnusableCacheException.Kind.KERNEL) {
          requireLayout(ChecksumLayout.INSTANCE);
          return kernelCache(reason);
        }
        throw named(reason);
      }
      case FormatDecision.Format() -> {
        if (options.kernelCache() != VolumeOptions.KernelCache.REFUSE) {
          throw new UnusableCacheException(
              UnusableCacheException.Kind.FOREIGN,
              options.cacheName() + ": is empty, it holds no cache: name the right device");
        }
        if (options.readOnly()) {
          throw new UnusableCacheException(
              UnusableCacheException.Kind.FOREIGN,
              options.cacheName()
                  + ": is empty, there is no cache to read; start without --read-only to format"
                  + " it");
        }
        format(geometry);
        return Found.FORMATTED;
      }
    }
  }

  private void format(Geometry geometry) throws IOException {
    Formatter.Clearing clearing =
        options.cacheFreshlyCreated()
            ? Formatter.Clearing.NOTHING
            : Formatter.Clearing.of(geometry);
    switch (options.layout()) {
      case LapLayout _ ->
          Formatter.format(cache, new LapSuperblock(geometry.order()), clearing, progress);
      case ChecksumLayout _ -> {
        Fingerprint given = backing.giveFingerprint();
        Superblock superblock =
            Superblock.create(
                geometry, UUID.randomUUID(), backing.size(), given.high(), given.low());
        Formatter.format(cache, superblock, clearing, progress);
      }
    }
  }

  /**
   * A cache that was formatted on its own belongs to the backing device that it is first used with.
   */
  private void pair(Superblock superblock, MemorySegment block) throws IOException {
    if (options.readOnly()) {
      throw new UnusableCacheException(
          UnusableCacheException.Kind.DIFFERENT,
          options.cacheName()
              + ": belongs to no backing device yet; serve it once without --read-only");
    }
    Fingerprint given = backing.giveFingerprint();
    superblock.pairedWith(backing.size(), given.high(), given.low()).encode(block);
    cache.write(0, block, 0, Geometry.BLOCK);
    cache.flush();
  }

  /** Of a file that was copied without its attributes, or of another one that has none yet. */
  private void warnOfLostIdentity(Superblock superblock, Fingerprint actual) {
    Fingerprint former = new Fingerprint(superblock.fingerprintHigh(), superblock.fingerprintLow());
    if (former.isKnown() && !actual.isKnown()) {
      LOG.log(
          Level.WARNING,
          "{0}: carries no id, but the backing device that {1} belongs to had one; it is taken for"
              + " that one, because its size is right",
          options.backingName(),
          options.cacheName());
    }
  }

  /** A cache of one layout is not served as one of another; v1 only where it was asked for. */
  private void requireLayout(Layout found) throws UnusableCacheException {
    if (found == options.layout()) {
      return;
    }
    throw named(
        found == LapLayout.INSTANCE
            ? LapSuperblock.unasked()
            : new UnusableCacheException(
                UnusableCacheException.Kind.DIFFERENT,
                "the cache was formatted with layout v2, not v1: leave out --layout v1"));
  }

  /** What has just been created has no cache yet. */
  private void requireOldBacking() throws UnusableCacheException {
    if (options.backingFreshlyCreated()) {
      throw new UnusableCacheException(
          UnusableCacheException.Kind.DIFFERENT,
          "%s: the cache belongs to another backing device than %s, which is new: name that one"
              .formatted(options.cacheName(), options.backingName()));
    }
  }

  private Found kernelCache(UnusableCacheException found) throws UnusableCacheException {
    if (options.kernelCache() == VolumeOptions.KernelCache.REFUSE) {
      throw named(found);
    }
    if (options.order() != Geometry.KERNEL_ORDER || options.backingFreshlyCreated()) {
      throw new UnusableCacheException(
          UnusableCacheException.Kind.DIFFERENT,
          options.cacheName()
              + (options.backingFreshlyCreated()
                  ? ": belongs to another backing device than "
                      + options.backingName()
                      + ", which is new"
                  : ": the kernel module's segments have order 10, not " + options.order()));
    }
    if (options.kernelCache() == VolumeOptions.KernelCache.WRITE_BACK) {
      return Found.BORROWED;
    }
    if (options.readOnly()) {
      throw new UnusableCacheException(
          UnusableCacheException.Kind.KERNEL,
          options.cacheName()
              + ": was written by the dm-writeboost kernel module, and adopting it writes to it:"
              + " leave out --read-only");
    }
    return Found.ADOPTED;
  }

  private UnusableCacheException named(UnusableCacheException reason) {
    return new UnusableCacheException(
        reason.kind(), options.cacheName() + ": " + reason.getMessage());
  }

  /** Of the cache device, as the options want it. */
  static Geometry geometry(Blocking cache, VolumeOptions options) throws UnusableCacheException {
    try {
      options.layout().requireOrder(options.order());
      return new Geometry(options.order(), cache.device().size());
    } catch (IllegalArgumentException e) {
      throw new UnusableCacheException(
          UnusableCacheException.Kind.DIFFERENT, options.cacheName() + ": " + e.getMessage());
    }
  }
}
