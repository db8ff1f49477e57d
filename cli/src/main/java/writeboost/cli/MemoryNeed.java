package writeboost.cli;

import java.nio.file.Path;
import writeboost.layout.Geometry;
import writeboost.nbd.ServerOptions;
import writeboost.volume.CoreMemory;
import writeboost.volume.Start;

/**
 * The memory that a server needs once its cache is full, in bytes. What the JVM's own code takes
 * (about 100 MiB) is not in it.
 *
 * @param buffers in use from the first writes on
 * @param tables that say where each block is; in use as far as the cache has ever been
 * @param clients of requests that are on their way, at most
 * @param heap Java's, at most
 */
record MemoryNeed(long buffers, long tables, long clients, long heap) {

  static MemoryNeed of(Geometry geometry, long ramBufferBytes) {
    return new MemoryNeed(
        ramBufferBytes + CoreMemory.bytes(geometry, 0),
        Start.perLineBytes(geometry),
        ServerOptions.DEFAULTS.totalBytes(),
        Runtime.getRuntime().maxMemory());
  }

  /** What nothing can be served without, in the end. */
  private long necessary() {
    return buffers + tables;
  }

  long atMost() {
    return necessary() + clients + heap;
  }

  /**
   * The system hands out more memory than there is, and later ends processes for it.
   *
   * @param there bytes of RAM that this process can ever have
   */
  void require(Path cache, long there) throws CommandFailure {
    if (buffers < 0 || necessary() < 0 || necessary() > there) {
      throw CommandFailure.failure(
          ("%s: needs %s of memory (%s for buffers, %s for tables), and there is %s for it; give"
                  + " fewer --ram-buffers, or a smaller cache")
              .formatted(
                  cache,
                  Size.format(Math.max(buffers, necessary())),
                  Size.format(buffers),
                  Size.format(tables),
                  Size.format(there)));
    }
  }

  /** Whether there may come a time at which memory is lacking that is free now. */
  boolean exceeds(long free) {
    return atMost() > free;
  }

  /** For people: what it consists of, and the rule by which it grows. */
  @Override
  public String toString() {
    return ("%s at most: buffers %s; tables up to %s as the cache comes into use (18 bytes for"
            + " every 4 KiB of it); clients' requests up to %s; Java's heap up to %s")
        .formatted(
            Size.format(atMost()),
            Size.format(buffers),
            Size.format(tables),
            Size.format(clients),
            Size.format(heap));
  }
}
