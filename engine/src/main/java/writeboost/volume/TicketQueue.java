package writeboost.volume;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import writeboost.effect.Effects;

/** Requests that wait, oldest first. Under the core's lock. */
final class TicketQueue {

  private @Nullable Ticket first;
  private @Nullable Ticket last;
  private int count;

  boolean isEmpty() {
    return first == null;
  }

  int count() {
    return count;
  }

  @Nullable Ticket first() {
    return first;
  }

  void add(Ticket ticket) {
    ticket.waiting = true;
    ticket.next = null;
    if (last == null) {
      first = ticket;
    } else {
      last.next = ticket;
    }
    last = ticket;
    count++;
  }

  /** The oldest one, which is there, waits no more. */
  Ticket removeFirst() {
    Ticket ticket = Objects.requireNonNull(first);
    removeBehind(null, ticket);
    return ticket;
  }

  /** False if {@code ticket} does not wait here. */
  boolean remove(Ticket ticket) {
    Ticket before = null;
    for (Ticket one = first; one != null; one = one.next) {
      if (one == ticket) {
        removeBehind(before, ticket);
        return true;
      }
      before = one;
    }
    return false;
  }

  private void removeBehind(@Nullable Ticket before, Ticket ticket) {
    if (before == null) {
      first = ticket.next;
    } else {
      before.next = ticket.next;
    }
    if (last == ticket) {
      last = before;
    }
    ticket.next = null;
    ticket.waiting = false;
    count--;
  }

  /** Nobody waits any more; all are answered with {@code error}. */
  void endAll(int error, Effects effects) {
    while (first != null) {
      removeFirst().refuse(error, effects);
    }
  }
}
