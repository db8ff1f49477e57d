package writeboost.volume;

import java.util.ArrayList;
import java.util.List;
import writeboost.device.Errno;
import writeboost.device.Request;
import writeboost.effect.Effects;

/**
 * The volume holds its breath: new requests wait here, in order, until it goes on. Under the core's
 * lock.
 *
 * <pre>
 *   OFF -> QUIESCING (what was accepted before comes to its end) -> QUIET (no device has anything to do) -> OFF
 * </pre>
 *
 * <p>Requests that wait for room in the log have waited before, and go on waiting. The memory of
 * those that wait is their clients'.
 */
final class Suspension {

  private enum Phase {
    OFF,
    QUIESCING,
    QUIET
  }

  private final TicketQueue held = new TicketQueue();

  /** To be answered when all is quiet. */
  private final List<Request> asking = new ArrayList<>();

  private Phase phase = Phase.OFF;

  void begin(Request quiesced) {
    asking.add(quiesced);
    phase = Phase.QUIESCING; // even if it was quiet: then it is found to be so at once
  }

  /** Whether new requests have to wait. */
  boolean isOn() {
    return phase != Phase.OFF;
  }

  boolean isQuiescing() {
    return phase == Phase.QUIESCING;
  }

  boolean isQuiet() {
    return phase == Phase.QUIET;
  }

  /** All has come to its end; {@code error} says whether it is durable. */
  void quiet(int error, Effects effects) {
    phase = Phase.QUIET;
    answer(error, effects);
  }

  void hold(Ticket ticket) {
    held.add(ticket);
  }

  /** False if {@code ticket} does not wait here. */
  boolean cancel(Ticket ticket, Effects effects) {
    boolean found = held.remove(ticket);
    if (found) {
      ticket.refuse(Errno.ECANCELED, effects);
    }
    return found;
  }

  /** Requests that wait. */
  int heldCount() {
    return held.count();
  }

  /** It is over. Who still waits for quiet waits in vain; the requests that wait are returned. */
  TicketQueue end(int errorForAsking, Effects effects) {
    phase = Phase.OFF;
    answer(errorForAsking, effects);
    return held;
  }

  private void answer(int error, Effects effects) {
    for (Request request : asking) {
      effects.answer(request, error);
    }
    asking.clear();
  }
}
