package writeboost.simulate;

import java.util.PriorityQueue;

/**
 * What is going to happen, and the simulated time. Events of one moment happen in the order in
 * which they were put in. One thread.
 *
 * <p>The trace is a hash over everything that happened: two runs with the same trace were the same.
 */
public final class EventQueue {

  private record Event(long timeNs, long number, Runnable step) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(timeNs, other.timeNs);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  private static final long MIX = 0x9E3779B97F4A7C15L;

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final Chance chance;
  private long nowNs;
  private long number;
  private long trace;

  public EventQueue(Chance chance) {
    this.chance = chance;
  }

  /** After a time around {@code meanNs}. */
  public void later(long meanNs, Runnable step) {
    at(nowNs + chance.around(meanNs), step);
  }

  /** At this time, which is not past. */
  public void at(long timeNs, Runnable step) {
    events.add(new Event(timeNs, number++, step));
  }

  public boolean isEmpty() {
    return events.isEmpty();
  }

  /** Lets the next event happen; there must be one. */
  public void next() {
    Event event = events.remove();
    nowNs = event.timeNs;
    trace(event.timeNs);
    trace(event.number);
    event.step.run();
  }

  /** The world stops: what was going to happen does not. */
  public void clear() {
    events.clear();
  }

  public long nowNs() {
    return nowNs;
  }

  /** Time in which nothing happens. */
  public void pass(long timeNs) {
    nowNs += timeNs;
  }

  /** Notes a fact of the run. */
  public void trace(long fact) {
    long mixed = (trace ^ fact) * MIX;
    trace = mixed ^ mixed >>> 29;
  }

  public long trace() {
    return trace;
  }
}
