package writeboost.volume;

import writeboost.device.Errno;
import writeboost.device.Operation;
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

  private static final String NO_ANSWER = ": no answer for more than 5 s";

  private final Writeback writeback;
  private final Statistics statistics;
  private final UnreadLines unread;
  private final Unanswered unansweredByCache = new Unanswered(Target.CACHE);
  private final Unanswered unansweredByBacking = new Unanswered(Target.BACKING);

  private State state = State.OK;
  private String reason = "";
  private boolean byCache;
  private long sinceNs;
  private long lastTroubleNs;
  private boolean timeKnown;
  private long nowNs;
  private boolean failsWhenFull;

  /** A client's read that has failed; empty once the device has done something. */
  private String failedBackingRead = "";

  /** The same, but kept as long as there are lines that could not be read. */
  private String failedCacheRead = "";

  /** Whether there were any at the last look. */
  private boolean linesUnread;

  /** How much damage was known at the last look. */
  private long damage;

  Diagnosis(Writeback writeback, Statistics statistics, UnreadLines unread) {
    this.unread = unread;
    this.writeback = writeback;
    this.statistics = statistics;
  }

  /** The time goes on; {@code now} is monotonic, nanoseconds. */
  void tick(long now) {
    if (!timeKnown) {
      timeKnown = true;
      unansweredByCache.beginTime(now);
      unansweredByBacking.beginTime(now);
      sinceNs = now;
      lastTroubleNs = now;
    }
    nowNs = now;
    look();
  }

  /** The operations in {@code effects} are going to be submitted. */
  void submitting(Effects effects) {
    effects.watch(unansweredByCache, unansweredByBacking, nowNs);
  }

  /** Before the operation is submitted again. */
  void answered(DeviceOperation operation, int error) {
    unansweredByCache.answered(operation);
    unansweredByBacking.answered(operation);
    boolean failedRead = error != Errno.OK && operation.owner instanceof ReadPiece;
    if (error == Errno.OK || failedRead) {
      String said = failedRead ? operation + ": " + Errno.name(error) : "";
      if (operation.target == Target.BACKING) {
        failedBackingRead = said;
      } else if (operation.request.operation == Operation.READ // that it writes says nothing
          && (failedRead || unread.isEmpty())) {
        failedCacheRead = said;
      }
    }
  }

  /** For good: nothing that is acknowledged from now on could be kept. */
  void fail(String why) {
    become(State.FAILED, why, /* cache= */ true);
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
        && (writeback.isBackingOff() || unansweredByBacking.olderThan(HUNG_NS, nowNs) != null);
  }

  Health health() {
    look();
    return new Health(state, reason, byCache, nowNs - sinceNs);
  }

  private void look() {
    if (isFailed()) {
      return;
    }
    boolean linesUnreadBefore = linesUnread;
    linesUnread = unread.count() > 0;
    if (linesUnreadBefore && !linesUnread) {
      failedCacheRead = "";
    }
    long damageBefore = damage;
    damage = statistics.damagedLines() + statistics.lostSectors();
    boolean cache = true;
    String trouble = troubleOfCache(damage > damageBefore);
    if (trouble.isEmpty()) {
      cache = false;
      trouble = troubleOfBacking();
    }
    if (!trouble.isEmpty()) {
      lastTroubleNs = nowNs;
      become(State.DEGRADED, trouble, cache);
    } else if (nowNs - lastTroubleNs >= CALM_NS) {
      become(State.OK, "", /* cache= */ false);
    }
  }

  /** The worst of what is wrong now, or empty. */
  private String troubleOfCache(boolean moreDamage) {
    DeviceOperation hung = unansweredByCache.olderThan(HUNG_NS, nowNs);
    if (hung != null) {
      return hung + NO_ANSWER;
    }
    if (writeback.failedOn() == Target.CACHE) {
      return writeback.failure();
    }
    if (writeback.leavesLines() && writeback.linesDamaged() > 0) {
      return "some lines are damaged or cannot be read, and therefore not written back";
    }
    if (!failedCacheRead.isEmpty()) {
      return failedCacheRead;
    }
    if (linesUnread) {
      return "some lines are damaged or cannot be read, and are nowhere else";
    }
    return moreDamage ? "lines of the cache device are damaged" : "";
  }

  private String troubleOfBacking() {
    DeviceOperation hung = unansweredByBacking.olderThan(HUNG_NS, nowNs);
    if (hung != null) {
      return hung + NO_ANSWER;
    }
    if (!writeback.failure().isEmpty()) {
      return writeback.failure();
    }
    return writeback.leavesLines() ? "it refuses some lines for good" : failedBackingRead;
  }

  private void become(State newState, String why, boolean cache) {
    if (state != newState) {
      state = newState;
      sinceNs = nowNs;
    }
    reason = why;
    byCache = cache;
  }
}
