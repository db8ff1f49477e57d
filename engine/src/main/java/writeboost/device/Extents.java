package writeboost.device;

/**
 * A question to a device, what lies in a range, and the answer: extents, each of so many bytes in
 * one state, without a gap from {@link #offset} on. It belongs to whoever asks, is lent to the
 * device until it completes, and can be used again.
 *
 * <p>What a state means is up to the question: for {@link BlockDevice#describe} it is a set of
 * {@link #HOLE} and {@link #ZERO}.
 */
public final class Extents implements DeviceTask {

  /** Takes no space on the device. */
  public static final int HOLE = 1;

  /** Reads as zeroes. */
  public static final int ZERO = 2;

  /** Told when the answer is there; on any thread, possibly before the call that asked returns. */
  @FunctionalInterface
  public interface Completion {
    void completed(Extents answered);
  }

  /** Bytes from the start of the device. */
  public long offset;

  /** Bytes, at least 1. The answer may end before, but has one extent at least. */
  public long length;

  /** 0, or one of {@link Errno}; valid from completion on. */
  public int error;

  private final Completion completion;
  private final long[] lengths;
  private final int[] states;
  private int limit;
  private int count;
  private long described;

  /**
   * @param most extents that one answer can have
   */
  public Extents(int most, Completion completion) {
    this.completion = completion;
    this.lengths = new long[most];
    this.states = new int[most];
  }

  /** A new question, whose answer has at most {@code most} extents. */
  public Extents ask(long newOffset, long newLength, int most) {
    offset = newOffset;
    length = newLength;
    error = Errno.OK;
    limit = Math.min(most, lengths.length);
    count = 0;
    described = 0;
    return this;
  }

  // the device

  /**
   * The next {@code bytes} bytes, at least 1, are in {@code state}. Neighbours in the same state
   * become one extent; what is more than was asked for is left out.
   *
   * @return false if there is no room for more, or nothing left to describe
   */
  public boolean add(long bytes, int state) {
    long more = Math.min(bytes, length - described);
    if (count > 0 && states[count - 1] == state) {
      lengths[count - 1] += more;
    } else if (count == limit) {
      return false;
    } else {
      lengths[count] = more;
      states[count++] = state;
    }
    described += more;
    return described < length;
  }

  /** Extents that the answer can have. */
  public int most() {
    return limit;
  }

  /** Bytes that have been described; the next extent begins there. */
  public long described() {
    return described;
  }

  /** Exactly once for each question. */
  public void complete(int newError) {
    error = newError;
    completion.completed(this);
  }

  // the asker

  public int count() {
    return count;
  }

  /** Bytes of extent {@code i}. */
  public long length(int i) {
    return lengths[i];
  }

  public int state(int i) {
    return states[i];
  }
}
