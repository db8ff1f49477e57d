package writeboost.effect;

/**
 * Computation that the core wants done outside its lock: a copy, a checksum, a sort.
 *
 * <p>{@link #run} touches only memory that the core has set aside for it (a reserved line, a pinned
 * buffer), so any thread may run it. {@link #finished} is called by the core, under its lock, once
 * {@code run} has returned.
 */
public abstract class Work {

  /** Outside the lock, once, on any thread. */
  public abstract void run();

  /** Under the lock, after {@link #run}; only the core calls it. */
  public abstract void finished(Effects effects);
}
