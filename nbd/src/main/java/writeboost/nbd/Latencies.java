package writeboost.nbd;

import writeboost.device.Operation;

/**
 * Is told how long requests took, from the moment their header was read to the moment their reply
 * is about to be written. Only those count that went to the device and succeeded.
 *
 * <p>Called on any thread, by several at once, in the middle of answering: an implementation
 * neither waits nor allocates.
 */
@FunctionalInterface
public interface Latencies {

  /** Looks at no clock at all. */
  Latencies NONE = (operation, flags, nanoseconds, count) -> {};

  /**
   * {@code count} requests of one kind, which came together, are answered together.
   *
   * @param flags of {@link writeboost.device.Request}
   */
  void answered(Operation operation, int flags, long nanoseconds, int count);
}
