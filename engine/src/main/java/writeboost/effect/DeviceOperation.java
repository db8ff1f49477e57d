package writeboost.effect;

import org.jspecify.annotations.Nullable;
import writeboost.device.Request;

/**
 * One I/O that the core wants done on the cache or the backing device. Pooled by its {@link Owner};
 * handed out through {@link Effects}, handed back through the core's {@code ioDone}. The driver
 * sets the request's completion.
 */
public final class DeviceOperation {

  /** Which of the two disks. */
  public enum Target {
    CACHE,
    BACKING
  }

  /** The part of the core that asked for the I/O. */
  @FunctionalInterface
  public interface Owner {
    /** Under the core's lock; {@code error} is 0 or one of {@link writeboost.device.Errno}. */
    void ioDone(DeviceOperation operation, int error, Effects effects);
  }

  public final Owner owner;
  public final Request request;
  public Target target = Target.CACHE;

  /** For the owner: what this operation was for. */
  public int purpose;

  // of Unanswered

  long submittedNs;
  @Nullable DeviceOperation older;
  @Nullable DeviceOperation younger;

  public DeviceOperation(Owner owner) {
    this.owner = owner;
    this.request = new Request(DeviceOperation::undriven);
    this.request.attachment = this;
  }

  private static void undriven(Request request) {
    throw new IllegalStateException("no driver took this operation: " + request);
  }

  @Override
  public String toString() {
    return target + " " + request;
  }
}
