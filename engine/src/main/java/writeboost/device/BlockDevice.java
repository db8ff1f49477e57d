package writeboost.device;

/**
 * A disk: an asynchronous, batched interface that devices, the cache volume and protocol servers
 * share.
 *
 * <p>May be called from any thread. Requests of one batch, and of different batches, may be carried
 * out in any order and at the same time; only a FLUSH says anything of what came before it: it
 * covers every write that had <em>completed</em> before the FLUSH was submitted.
 */
public interface BlockDevice extends AutoCloseable {

  /** Size in bytes; fixed for the life of this object. A multiple of 512. */
  long size();

  /** What this device can do and how it wants to be spoken to. */
  Limits limits();

  /** What tells this device from others of the same size, if anything does. */
  default Fingerprint fingerprint() {
    return Fingerprint.NONE;
  }

  /** As {@link #fingerprint}; a device that can be given one, and has none yet, gets it now. */
  default Fingerprint giveFingerprint() {
    return fingerprint();
  }

  /**
   * Time that the device has been at work since it was switched on, whoever for, in nanoseconds;
   * negative where nobody knows. Two looks at it say how busy the device was between them. It may
   * wrap around or begin anew, and each look may cost a system call.
   */
  default long busyNanoseconds() {
    return -1;
  }

  /**
   * Hands over the first {@code count} requests of {@code batch}. Each is completed exactly once
   * through {@link Request#complete(int)}, on any thread, possibly before this method returns.
   * Never throws for an I/O error: that comes back in {@link Request#error}. The array itself may
   * be reused by the caller as soon as this method returns.
   */
  void submit(Request[] batch, int count);

  /**
   * Asks that {@code request} complete early, with {@link Errno#ECANCELED}, if work on it has not
   * begun. Best effort: a request that has begun runs to its end. Completion still happens exactly
   * once. Whoever loses interest in an answer (a closed connection) calls this so that waiting
   * requests let go of their memory.
   */
  default void cancel(Request request) {}

  /**
   * Says what is known of the space in a range, without reading it: a set of {@link Extents#HOLE}
   * and {@link Extents#ZERO}. Where nothing is known, it is 0: data. Completes as a request does.
   */
  default void describe(Extents extents) {
    extents.add(extents.length, 0);
    extents.complete(Errno.OK);
  }

  /**
   * A hint that a range, which lies inside the device, will be read soon. Waits for nothing, says
   * nothing of whether anything came of it.
   */
  default void prefetch(long offset, long length) {}

  /**
   * Whether WRITE_ZEROES with {@link Request#FAST_ZERO} can ever succeed, so that it is worth
   * trying; such a request is faster than writing zeroes, or is answered {@link Errno#ENOTSUP}
   * without having changed anything. Where this is false, nobody sends one.
   */
  default boolean canZeroFast() {
    return false;
  }

  /**
   * Whether all of {@link #size} is still there: somebody may have cut a file off. Asks the
   * operating system, and so may wait for it.
   */
  default boolean isWhole() {
    return true;
  }

  /** Whether it is known to be a disk that turns, so that far reads and writes take long. */
  default boolean rotational() {
    return false;
  }

  /** Lets go of the device. No request may be in flight. Does not flush. */
  @Override
  void close();
}
