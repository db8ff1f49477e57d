package writeboost.device;

/**
 * Ranges of a READ of which the device knew, without looking at the data, that they are zeroes. The
 * request's memory has the zeroes too. Not complete: there is room for a few ranges only.
 */
public final class KnownZeroes {

  private final long[] starts;
  private final long[] ends;
  private int count;

  /**
   * @param most ranges that are remembered
   */
  public KnownZeroes(int most) {
    starts = new long[most];
    ends = new long[most];
  }

  /** Of no range. */
  public void clear() {
    count = 0;
  }

  /**
   * Bytes of the device are zeroes. What does not come in ascending order is forgotten. One thread
   * at a time.
   */
  public void add(long offset, long length) {
    if (count > 0 && ends[count - 1] == offset) {
      ends[count - 1] += length;
    } else if (count < starts.length && (count == 0 || ends[count - 1] < offset)) {
      starts[count] = offset;
      ends[count++] = offset + length;
    }
  }

  public int count() {
    return count;
  }

  /** Bytes from the start of the device. */
  public long start(int i) {
    return starts[i];
  }

  /** Exclusive; bytes from the start of the device. */
  public long end(int i) {
    return ends[i];
  }
}
