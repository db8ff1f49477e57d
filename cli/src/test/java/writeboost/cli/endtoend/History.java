package writeboost.cli.endtoend;

import java.util.ArrayList;
import java.util.List;

/**
 * Writes in the order in which one connection sent them, and which of them have to survive. All
 * that is found after a crash must be the state after a prefix of this order, cut between two
 * pieces (the parts of a write in one block), and no shorter than what was made durable.
 *
 * <p>Any thread.
 */
final class History {

  private record Write(int sector, int count, int version) {}

  private final List<Write> writes = new ArrayList<>();
  private int answered;
  private int required;

  /** Says, beforehand, that this write is the next one sent. Version 0 writes zeroes. */
  synchronized int sent(int sector, int count, int version) {
    writes.add(new Write(sector, count, version));
    return writes.size();
  }

  /** How many writes were sent. */
  synchronized int sent() {
    return writes.size();
  }

  /** The write that {@link #sent} numbered was answered, after a barrier or not. */
  synchronized void answered(int number, boolean durable) {
    answered = Math.max(answered, number);
    if (durable) {
      required = Math.max(required, number);
    }
  }

  /** What a flush that is sent now has to make durable. */
  synchronized int answered() {
    return answered;
  }

  /** A flush was answered before whose sending {@code number} writes had been answered. */
  synchronized void flushed(int number) {
    required = Math.max(required, number);
  }

  /** How many writes, from the first, have to survive. */
  synchronized int required() {
    return required;
  }

  /** Fails unless {@code found} is {@code before} with such a prefix of the writes. */
  synchronized void check(int[] before, int[] found) {
    int[] state = before.clone();
    int wrong = 0;
    for (int i = 0; i < state.length; i++) {
      wrong += state[i] == found[i] ? 0 : 1;
    }
    int fewest = required == 0 ? wrong : Integer.MAX_VALUE;
    String nearest = "";
    for (int number = 1; number <= writes.size() && fewest > 0; number++) {
      Write write = writes.get(number - 1);
      int end = write.sector + write.count;
      for (int i = write.sector; i < end; i++) {
        wrong -= state[i] == found[i] ? 0 : 1;
        state[i] = write.version;
        wrong += state[i] == found[i] ? 0 : 1;
        boolean whole = i + 1 == end;
        boolean enough = number > required || (number == required && whole);
        if (enough && wrong < fewest && (whole || (i + 1) % Sectors.PER_BLOCK == 0)) {
          fewest = wrong;
          nearest = describe(number, state, found);
        }
      }
    }
    if (fewest > 0) {
      throw new AssertionError(
          "no prefix: of %d writes sent, %d required; %d sectors differ from the nearest, %s"
              .formatted(writes.size(), required, fewest, nearest));
    }
  }

  private static String describe(int number, int[] state, int[] found) {
    int i = 0;
    while (i < state.length && state[i] == found[i]) {
      i++;
    }
    return i == state.length
        ? "none"
        : "the first %d: sector %d has version %d, not %d".formatted(number, i, found[i], state[i]);
  }
}
