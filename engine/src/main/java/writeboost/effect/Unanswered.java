package writeboost.effect;

import org.jspecify.annotations.Nullable;
import writeboost.effect.DeviceOperation.Target;

/**
 * The operations that a device has not answered, oldest first: a list through the operations
 * themselves. Under the core's lock.
 */
public final class Unanswered {

  private final Target target;
  private @Nullable DeviceOperation oldest;
  private @Nullable DeviceOperation youngest;

  public Unanswered(Target target) {
    this.target = target;
  }

  /**
   * {@code operation} is about to be submitted.
   *
   * @param nowNs monotonic
   */
  public void submitted(DeviceOperation operation, long nowNs) {
    if (operation.target != target) {
      return;
    }
    operation.submittedNs = nowNs;
    operation.older = youngest;
    if (youngest == null) {
      oldest = operation;
    } else {
      youngest.younger = operation;
    }
    youngest = operation;
  }

  /** {@code operation} is answered, and not submitted again before this is called. */
  public void answered(DeviceOperation operation) {
    if (operation.target != target) {
      return;
    }
    DeviceOperation older = operation.older;
    DeviceOperation younger = operation.younger;
    if (older == null) {
      oldest = younger;
    } else {
      older.younger = younger;
    }
    if (younger == null) {
      youngest = older;
    } else {
      younger.older = older;
    }
    operation.older = null;
    operation.younger = null;
  }

  /** The time is known from now on: as if all had been submitted just now. */
  public void beginTime(long nowNs) {
    for (DeviceOperation each = oldest; each != null; each = each.younger) {
      each.submittedNs = nowNs;
    }
  }

  /** The oldest operation, if it was submitted longer ago than {@code ageNs}. */
  public @Nullable DeviceOperation olderThan(long ageNs, long nowNs) {
    DeviceOperation operation = oldest;
    return operation != null && nowNs - operation.submittedNs > ageNs ? operation : null;
  }
}
