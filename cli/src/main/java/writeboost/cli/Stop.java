package writeboost.cli;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import writeboost.nbd.NbdServer;
import writeboost.volume.Snapshot;
import writeboost.volume.Start;
import writeboost.volume.Volume;

/**
 * An orderly stop: no new clients, what is in flight is answered, what is in RAM is saved to the
 * cache device. Never waits for the backing device; a second signal, or a cache device that is
 * stuck, ends it.
 */
final class Stop {

  private static final System.Logger LOG = System.getLogger("writeboost");

  /** For requests in flight; those that wait for a backing device that hangs are cut off. */
  private static final Duration ANSWER = Duration.ofSeconds(2);

  private static final long STUCK_NS = TimeUnit.SECONDS.toNanos(10);
  private static final long LOOK_EVERY_MS = 50;

  /** Sooner than what counts as a cache device that is stuck. */
  private static final long DRAIN_STUCK_NS = TimeUnit.SECONDS.toNanos(5);

  private static final long DRAIN_LOOK_NS = TimeUnit.MILLISECONDS.toNanos(10);

  private final NbdServer server;
  private final Volume volume;
  private final Listeners listeners;
  private final StopSignal signal;
  private final Path cache;
  private final boolean drains;

  /**
   * How it ended.
   *
   * @param failure what is not saved, and why; empty if all is
   * @param dirtyLines that are not written back
   */
  record Result(String failure, long dirtyLines) {
    int exitCode() {
      return failure.isEmpty() ? 0 : CommandFailure.FAILURE;
    }
  }

  /**
   * @param cache what messages call the cache device
   * @param drains what clients have written until they are cut off is written back, too
   */
  Stop(
      NbdServer server,
      Volume volume,
      Listeners listeners,
      StopSignal signal,
      Path cache,
      boolean drains) {
    this.drains = drains;
    this.cache = cache;
    this.server = server;
    this.volume = volume;
    this.listeners = listeners;
    this.signal = signal;
  }

  Result run() {
    LOG.log(Level.INFO, "stopping: saving what is in RAM; a second signal gives that up");
    listeners.close();
    CountDownLatch done = new CountDownLatch(1);
    AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    // A thread of its own, because a device that is stuck holds on to whoever waits for it.
    Thread.ofPlatform()
        .daemon()
        .name("writeboost-stop")
        .start(
            () -> {
              try {
                server.close(ANSWER);
                if (drains) {
                  drain();
                }
                volume.stop();
              } catch (IOException | RuntimeException e) {
                failure.set(e);
              } finally {
                done.countDown();
              }
            });
    String obstacle = await(done);
    Exception error = failure.get();
    if (error != null) {
      obstacle = error instanceof IOException ? "" + error.getMessage() : cache + ": " + error;
    }
    Snapshot last = volume.snapshot();
    if (obstacle.isEmpty()) {
      String obstacles = Obstacles.of(last, cache, "the backing device");
      LOG.log(
          obstacles.isEmpty() ? Level.INFO : Level.WARNING,
          obstacles.isEmpty()
              ? "stopped; all is saved, {0} not written back"
              : "stopped; {0} not written back: {1}; all else is saved",
          Size.format(last.dirtyLines() * Start.LINE_BYTES),
          obstacles);
      return new Result("", last.dirtyLines());
    }
    String unsaved =
        "%s; not saved: up to %s of writes that no flush had covered"
            .formatted(obstacle, Size.format(last.unsavedBytes()));
    LOG.log(Level.ERROR, "{0}", unsaved);
    return new Result(unsaved, last.dirtyLines());
  }

  /** The rest, which clients have written since the drain that led here came to its end. */
  private void drain() {
    volume.drain();
    Snapshot last = volume.snapshot();
    long movedNs = System.nanoTime();
    while (!last.sweptAll() && System.nanoTime() - movedNs < DRAIN_STUCK_NS) {
      LockSupport.parkNanos(DRAIN_LOOK_NS);
      Snapshot now = volume.snapshot();
      movedNs = now.linesWrittenBack() != last.linesWrittenBack() ? System.nanoTime() : movedNs;
      last = now;
    }
  }

  private static boolean hasMoved(Snapshot last, Snapshot now) {
    return now.bytesLogged() != last.bytesLogged()
        || now.flushes() != last.flushes()
        || now.linesWrittenBack() != last.linesWrittenBack();
  }

  /** Waits until the work is done, while the device gets on; otherwise, what came between. */
  private String await(CountDownLatch done) {
    Snapshot last = volume.snapshot();
    long movedNs = System.nanoTime();
    try {
      while (!done.await(LOOK_EVERY_MS, TimeUnit.MILLISECONDS)) {
        Snapshot now = volume.snapshot();
        if (hasMoved(last, now)) {
          last = now;
          movedNs = System.nanoTime();
        }
        if (signal.await(0)) {
          return cache + ": a second signal came before this device had taken everything";
        }
        if (System.nanoTime() - movedNs > STUCK_NS) {
          return cache + ": this device has not answered for 10 s";
        }
      }
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return cache + ": the wait was interrupted";
    }
  }
}
