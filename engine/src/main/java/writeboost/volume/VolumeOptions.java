package writeboost.volume;

import writeboost.layout.ChecksumLayout;
import writeboost.layout.Layout;

/**
 * How a volume is to be opened.
 *
 * @param order segments are 2^order sectors; must be that of the cache where there is one already
 * @param readOnly nothing is written to either device
 * @param ramBufferBytes for segments in RAM; at least two are used whatever this says
 * @param cacheFreshlyCreated the caller has just made the cache device's file, all zeroes
 * @param backingFreshlyCreated the caller has just made the backing device's file: no cache can
 *     belong to it yet
 * @param cacheName what messages call the cache device
 * @param backingName what messages call the backing device
 * @param kernelCache what is done where the kernel module's cache is found
 * @param salvage a damaged log is used as far as it goes; what is not used is listed
 * @param layout that a cache is formatted with; a cache of layout v1 is served only where it is
 *     named here, because nothing on it says that it belongs to this backing device
 * @param tunables set before the first request
 * @param failWhenFull while the backing device is in trouble and the log is full, writes are
 *     refused instead of waiting
 */
public record VolumeOptions(
    int order,
    boolean readOnly,
    long ramBufferBytes,
    boolean cacheFreshlyCreated,
    boolean backingFreshlyCreated,
    String cacheName,
    String backingName,
    KernelCache kernelCache,
    boolean salvage,
    Layout layout,
    Tunables tunables,
    boolean failWhenFull) {

  /** What is done where the cache was written by the kernel module dm-writeboost. */
  public enum KernelCache {
    /** It is refused. */
    REFUSE,
    /** It becomes ours, for good. */
    ADOPT,
    /** It is there to be written back only; it stays the module's. */
    WRITE_BACK
  }

  public static final int DEFAULT_ORDER = 10;
  public static final long DEFAULT_RAM_BUFFER_BYTES = 64L << 20;
  private static final int RAM_BUFFERS_MIN = 2;

  /** For a sound cache of ours in the usual layout; the rest is said by the methods below. */
  public VolumeOptions(
      int order,
      boolean readOnly,
      long ramBufferBytes,
      boolean cacheFreshlyCreated,
      boolean backingFreshlyCreated,
      String cacheName,
      String backingName) {
    this(
        order,
        readOnly,
        ramBufferBytes,
        cacheFreshlyCreated,
        backingFreshlyCreated,
        cacheName,
        backingName,
        KernelCache.REFUSE,
        /* salvage= */ false,
        ChecksumLayout.INSTANCE,
        Tunables.STANDARD,
        /* failWhenFull= */ false);
  }

  public VolumeOptions withKernelCache(KernelCache newKernelCache) {
    return with(newKernelCache, salvage, layout, tunables, failWhenFull);
  }

  public VolumeOptions withSalvage(boolean newSalvage) {
    return with(kernelCache, newSalvage, layout, tunables, failWhenFull);
  }

  public VolumeOptions withLayout(Layout newLayout) {
    return with(kernelCache, salvage, newLayout, tunables, failWhenFull);
  }

  public VolumeOptions withTunables(Tunables newTunables) {
    return with(kernelCache, salvage, layout, newTunables, failWhenFull);
  }

  public VolumeOptions withFailWhenFull(boolean newFailWhenFull) {
    return with(kernelCache, salvage, layout, tunables, newFailWhenFull);
  }

  private VolumeOptions with(
      KernelCache newKernelCache,
      boolean newSalvage,
      Layout newLayout,
      Tunables newTunables,
      boolean newFailWhenFull) {
    return new VolumeOptions(
        order,
        readOnly,
        ramBufferBytes,
        cacheFreshlyCreated,
        backingFreshlyCreated,
        cacheName,
        backingName,
        newKernelCache,
        newSalvage,
        newLayout,
        newTunables,
        newFailWhenFull);
  }

  int ramBufferCount(long segmentBytes) {
    return Math.clamp(ramBufferBytes / segmentBytes, RAM_BUFFERS_MIN, Integer.MAX_VALUE / 2);
  }
}
