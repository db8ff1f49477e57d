package writeboost.fuzz;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import writeboost.device.BlockDevice;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.effect.DeviceOperation;
import writeboost.effect.Effects;
import writeboost.effect.Work;
import writeboost.volume.Core;

/**
 * Carries out what a core asks for, at once and on the caller's thread: when a call returns,
 * nothing is under way. Devices must answer inside {@code submit}.
 */
final class CoreLoop {

  /** Longer than any back-off. */
  private static final long LONG_TIME_NS = 60_000_000_000L;

  private final Core core;
  private final BlockDevice cache;
  private final BlockDevice backing;
  private final ArrayDeque<DeviceOperation> answered = new ArrayDeque<>();
  private final Request request = new Request(unused -> done());
  private Effects next = new Effects();
  private Effects spare = new Effects();
  private boolean done;
  private long nowNs;

  CoreLoop(Core core, BlockDevice cache, BlockDevice backing) {
    this.core = core;
    this.cache = cache;
    this.backing = backing;
  }

  private void done() {
    done = true;
  }

  /** Its error. */
  int run(Operation operation, int flags, long offset, MemorySegment data, long length) {
    request.set(operation, flags, offset, length, data, 0);
    return await(() -> core.accept(new Request[] {request}, 1, next));
  }

  int flush() {
    return run(Operation.FLUSH, 0, 0, MemorySegment.NULL, 0);
  }

  /** Everything accepted is durable afterwards, and nothing more is taken. */
  int stop() {
    request.set(Operation.FLUSH, 0, 0, 0);
    return await(() -> core.stop(request, next));
  }

  /** Time passes; write-back goes on as far as it can. */
  void tick() {
    nowNs += LONG_TIME_NS;
    core.tick(nowNs, next);
    carryOut();
  }

  private int await(Runnable entry) {
    done = false;
    entry.run();
    carryOut();
    for (int i = 0; !done && i < 3; i++) {
      tick();
    }
    if (!done) {
      throw new AssertionError("no answer to " + request);
    }
    return request.error;
  }

  private void carryOut() {
    while (!next.isEmpty() || !answered.isEmpty()) {
      Effects now = next;
      next = spare;
      spare = now;
      for (int i = 0; i < now.operationCount(); i++) {
        submit(now.operation(i));
      }
      Work[] works = new Work[now.workCount()];
      for (int i = 0; i < works.length; i++) {
        works[i] = now.work(i);
        works[i].run();
      }
      core.published(works, works.length, next);
      for (int i = 0; i < now.answeredCount(); i++) {
        now.answered(i).complete(now.error(i));
      }
      now.clear();
      for (DeviceOperation one = answered.poll(); one != null; one = answered.poll()) {
        core.ioDone(one, one.request.error, next);
      }
    }
  }

  private void submit(DeviceOperation operation) {
    operation.request.completion(unused -> answered.add(operation));
    BlockDevice target = operation.target == DeviceOperation.Target.CACHE ? cache : backing;
    target.submit(new Request[] {operation.request}, 1);
  }
}
