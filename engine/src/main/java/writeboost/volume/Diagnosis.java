package writeboost.volume;

import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.effect.DeviceOperation;
import writeboost.effect.DeviceOperation.Target;
import writeboost.effect.Effects;
import writeboost.effect.Unanswered;
import writeboost.volume.Health.State;
import writeboost.writeback.Writeback;

/**
 * Finds out about {@link Health} from what the devices do and do not do. It gets worse at once, and
 * better only when nothing has been wrong for a while, so that it does not flicker where a device
 * fails now and then. Under the core's lock.
 */
final class Diagnosis {

  /** A device that has not answered for so long hangs. */
  static final long HUNG_NS = 5_000_000_000L;

  /** So long nothing may have been wrong before all is well again. */
  static final long CALM_NS = 2_000_000_000L;

  private final Writeback writeback;
  private final Statistics statistics;
  private final Unanswered byCache = new Unanswered(Target.CACHE);
  private final Unanswered byBacking = new Unanswered(Target.BACKING);

  private State state = State.OK;
  private String reason = "";
  private long sinceNs;
  private long lastTroubleNs;
  private boolean timeKnown;
  private long nowNs;
  private boolean failsWhenFull;

  /** A read of the backing device that has failed; empty once the device has done something. */
  private String failedRead = "";

  /** How much damage was known at the last look. */
  private long damage;

  Diagnosis(Writeback writeback, Statistics statistics) {
    this.writeback = writeback;
    this.statistics = statistics;
  }

  /** The time goes on; {@code now} is monotonic, nanoseconds. */
  void tick(long now) {
    if (!timeKnown) {
      timeKnown = true;
      byCache.beginTime(now);
      byBacking.beginTime(now);
      sinceNs = now;
      lastTroubleNs = now;
    }
    nowNs = now;
    look();
  }

  /** The operations in {@code effects} are going to be submitted. */
  void submitting(Effects effects) {
    effects.watch(byCache, byBacking, nowNs);
  }

  /** Before the operation is submitted again. */
  void answered(DeviceOperation operation, int error) {
    byCache.answered(operation);
    byBacking.answered(operation);
    if (operation.target == Target.CACHE) {
      return;
    }
    if (error == Errno.OK) {
      failedRead = "";
    } else if (operation.owner instanceof ReadPiece) {
      failedRead = operation + ": " + Errno.name(error);
    }
  }

  /** For good: nothing that is acknowledged from now on could be kept. */
  void fail(String why) {
    become(State.FAILED, why);
  }

  boolean isFailed() {
    return state == State.FAILED;
  }

  /** As {@link VolumeOptions#failWhenFull}. */
  void setFailsWhenFull(boolean fails) {
    failsWhenFull = fails;
  }

  /**
   * Whether who waits for write-back is to wait no longer: it waits itself, for a device to mend,
   * rather than being at work.
   */
  boolean refusesToWait() {
    return failsWhenFull
        && (writeback.isBackingOff() || byBacking.olderThan(HUNG_NS, nowNs) != null);
  }

  Health health() {
    look();
    return new Health(state, reason, nowNs - sinceNs);
  }

  private void look() {
    if (isFailed()) {
      return;
    }
    String trouble = trouble();
    if (!trouble.isEmpty()) {
      lastTroubleNs = nowNs;
      become(State.DEGRADED, trouble);
    } else if (nowNs - lastTroubleNs >= CALM_NS) {
      become(State.OK, "");
    }
  }

  /** The worst of what is wrong now, or empty. */
  private String trouble() {
    long damageBefore = damage;
    damage = statistics.damagedLines() + statistics.lostSectors();
    DeviceOperation hung = hung();
    if (hung != null) {
      return hung + ": no answer for more than 5 s";
    }
    if (!writeback.failure().isEmpty()) {
      return writeback.failure();
    }
    if (writeback.leavesLines()) {
      return "some lines are damaged or refused, and cannot be written back";
    }
    if (!failedRead.isEmpty()) {
      return failedRead;
    }
    return damage > damageBefore ? "lines of the cache device are damaged" : "";
  }

  private @Nullable DeviceOperation hung() {
    DeviceOperation hung = byBacking.olderThan(HUNG_NS, nowNs);
    return hung != null ? hung : byCache.olderThan(HUNG_NS, nowNs);
  }

  private void become(State newState, String why) {
    if (state != newState) {
      state = newState;
      sinceNs = nowNs;
    }
    reason = why;
  }
}
