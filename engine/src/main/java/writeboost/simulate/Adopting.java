package writeboost.simulate;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import writeboost.device.Blocking;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.Superblock;
import writeboost.layout.UnusableCacheException;
import writeboost.volume.Start;

/**
 * A world that begins with a cache of the kernel module: it is adopted, as often as crashes ask for
 * it. One thread.
 */
final class Adopting {

  private final Plan plan;
  private final Blocking cache;
  private final Blocking backing;
  private final Memory memory;
  private final MemorySegment block;

  /** What the cache gets when it is adopted. */
  private final Superblock fresh;

  /** Memory for a block is taken now, to be kept. */
  Adopting(Plan plan, Blocking cache, Blocking backing, Memory memory, Superblock fresh) {
    this.plan = plan;
    this.cache = cache;
    this.backing = backing;
    this.memory = memory;
    this.block = memory.unzeroed(Geometry.BLOCK);
    this.fresh = fresh;
  }

  /** Puts the module's cache there, and tells the checker what the volume holds. */
  void begin(Chance chance, PrefixChecker checker, int sectors) throws IOException {
    KernelImage image = new KernelImage(chance, plan.geometry(), checker, sectors);
    checker.beginAnew(image.write(cache, backing));
  }

  /** Whether the cache is still the module's, for all that its superblock says. */
  boolean isDue() throws IOException {
    cache.read(0, block);
    try {
      Superblock.decode(block);
      return false;
    } catch (UnusableCacheException found) {
      return found.kind() == UnusableCacheException.Kind.KERNEL;
    }
  }

  Start.Started adopt() throws IOException {
    return Start.adopt(
        cache,
        backing,
        fresh,
        /* salvage= */ false,
        plan.ramBuffers(),
        memory::forCore,
        Formatter.Progress.NONE);
  }
}
