package writeboost.cli;

import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import writeboost.cli.control.Answer;
import writeboost.cli.control.ControlRequest;
import writeboost.cli.control.Controlled;
import writeboost.cli.control.RefusedException;
import writeboost.nbd.NbdDevice;
import writeboost.nbd.NbdServer;
import writeboost.volume.Snapshot;
import writeboost.volume.Start;
import writeboost.volume.StatusLine;
import writeboost.volume.Tunable;
import writeboost.volume.Volume;

/** A served volume as the control socket knows it: what each command does. Any thread. */
final class ServedVolume implements Controlled {

  /** The message that sets the counters to zero. */
  static final String CLEAR_STAT = "clear_stat";

  /** The message that writes everything back. */
  static final String DROP_CACHES = "drop_caches";

  private static final long REPORT_EVERY_MS = 500;

  private final Volume volume;
  private final Served served;
  private final RequestLatencies latencies;
  private final Rates rates = new Rates();
  private final Draining draining;
  private final StatusJson status;
  private final StopRequest stop;

  /**
   * @param server that exports the volume, and tells {@code latencies}
   * @param connection to the backing device; null where it is no network device
   */
  ServedVolume(
      Volume volume,
      Served served,
      MemoryNeed need,
      NbdServer server,
      RequestLatencies latencies,
      @Nullable NbdDevice connection,
      StopRequest stop) {
    this.volume = volume;
    this.served = served;
    this.latencies = latencies;
    this.stop = stop;
    this.draining = new Draining(volume, rates);
    this.status =
        new StatusJson(served, volume, need, server, connection, latencies, rates, draining);
  }

  /** To be called now and then. */
  void look(Snapshot now) {
    rates.look(now, System.nanoTime());
    draining.look(now);
  }

  @Override
  public void handle(ControlRequest request, Answer answer) throws RefusedException, IOException {
    switch (request.command()) {
      case "status" -> status(request, answer);
      case "message" -> message(request, answer);
      case "table" -> table(request, answer);
      case "drain" -> drain(request, answer);
      case "suspend" -> suspend(request, answer);
      case "resume" -> resume(request, answer);
      case "stop" -> stop(request, answer);
      default ->
          throw new RefusedException(
              ("there is no command \"%s\"; there are status, message, table, drain, suspend,"
                      + " resume and stop")
                  .formatted(request.command()));
    }
  }

  private void status(ControlRequest request, Answer answer) throws RefusedException, IOException {
    request.allow(Set.of());
    Snapshot now = volume.snapshot();
    answer.done(
        json -> {
          json.writeStringProperty("line", StatusLine.of(now));
          json.writeObjectPropertyStart("status");
          status.write(json, now);
          json.writeEndObject();
        });
  }

  private void table(ControlRequest request, Answer answer) throws RefusedException, IOException {
    request.allow(Set.of());
    answer.done(json -> json.writeStringProperty("line", served.table()));
  }

  private void message(ControlRequest request, Answer answer) throws RefusedException, IOException {
    request.allow(Set.of("key", "value"));
    String key = request.text("key");
    switch (key) {
      case CLEAR_STAT -> {
        request.allow(Set.of("key"));
        volume.clearStatistics();
        latencies.clear();
        answer.done();
      }
      case DROP_CACHES -> {
        request.allow(Set.of("key"));
        drain(answer);
        answer.done();
      }
      default -> {
        Tunable tunable = Tunable.find(key);
        if (tunable == null) {
          throw new RefusedException(TunableSetting.unknown(key));
        }
        tune(tunable, request.number("value"));
        answer.done();
      }
    }
  }

  private void tune(Tunable tunable, long value) throws RefusedException {
    try {
      volume.tune(tunable, Math.clamp(value, Integer.MIN_VALUE, Integer.MAX_VALUE));
    } catch (IllegalArgumentException e) {
      throw new RefusedException(String.valueOf(e.getMessage()));
    }
  }

  private void drain(ControlRequest request, Answer answer) throws RefusedException, IOException {
    request.allow(Set.of("cancel"));
    if (request.isTrue("cancel")) {
      if (!draining.cancel()) {
        throw new RefusedException("no drain is running");
      }
      answer.done();
      return;
    }
    drain(answer);
    answer.done();
  }

  /** Until all is written back. A client that goes away ends the reports, not the drain. */
  private void drain(Answer answer) throws RefusedException, IOException {
    if (volume.limits().readOnly()) {
      refuseIfDirty();
      return;
    }
    if (volume.snapshot().suspended()) {
      throw new RefusedException("it is suspended, so nothing can be written back; first 'resume'");
    }
    draining.start();
    Draining.State state = draining.look(volume.snapshot());
    while (state == Draining.State.RUNNING) {
      Snapshot now = volume.snapshot();
      answer.progress(json -> draining.write(json, now));
      draining.await(REPORT_EVERY_MS);
      state = draining.look(volume.snapshot());
    }
    if (state != Draining.State.DRAINED) {
      Snapshot now = volume.snapshot();
      String left = Size.format(now.dirtyLines() * Start.LINE_BYTES);
      throw new RefusedException(
          state == Draining.State.CANCELLED
              ? "the drain was cancelled; %s are not written back".formatted(left)
              : "%s cannot be written back: %s"
                  .formatted(left, Obstacles.of(now, served.cache(), served.backing())));
    }
  }

  private void refuseIfDirty() throws RefusedException {
    long dirty = volume.snapshot().dirtyLines();
    if (dirty > 0) {
      throw new RefusedException(
          "it is served read-only, so nothing can be written back (%s in the cache): stop it, and"
                  .formatted(Size.format(dirty * Start.LINE_BYTES))
              + " serve it without --read-only");
    }
  }

  private void suspend(ControlRequest request, Answer answer) throws RefusedException, IOException {
    request.allow(Set.of());
    try {
      volume.suspend();
    } catch (IOException e) {
      throw new RefusedException(String.valueOf(e.getMessage()));
    }
    answer.done();
  }

  private void resume(ControlRequest request, Answer answer) throws RefusedException, IOException {
    request.allow(Set.of());
    if (!volume.snapshot().suspended()) {
      throw new RefusedException("it is not suspended");
    }
    volume.resume();
    answer.done();
  }

  private void stop(ControlRequest request, Answer answer) throws RefusedException, IOException {
    request.allow(Set.of("drain"));
    boolean drain = request.isTrue("drain");
    if (drain) {
      drain(answer);
    }
    Stop.Result result = stop.request(drain && !volume.limits().readOnly());
    try {
      if (!result.failure().isEmpty()) {
        answer.refused(result.failure());
      } else if (drain && result.dirtyLines() > 0) {
        answer.refused(
            "stopped, and all is saved, but %s are not written back"
                .formatted(Size.format(result.dirtyLines() * Start.LINE_BYTES)));
      } else {
        answer.done();
      }
    } finally { // not before: the process ends then
      stop.told();
    }
  }
}
