package writeboost.simulate;

/**
 * How long a disk of the ordinary kind takes: 7200 revolutions a minute, 150 MB/s, one arm. A pure
 * model: it holds no data and knows no clock; whoever asks says when a request arrived and is told
 * when it is done. One thread.
 *
 * <pre>
 *   arrival ... the arm is free | seek | the place comes round | transfer | done
 * </pre>
 *
 * <p>Requests are served in the order of arrival, without a queue that sorts and without a write
 * cache: each waits for its own place. The place turns on while the arm moves, so what a request
 * costs depends on where the one before it ended, and when.
 *
 * <p>Tracks lie one behind the other, with so much on each that the rate and the speed fit: 1.25
 * MB. Going on where the last request ended costs transfer alone, across tracks too. On the track
 * under the head the arm does not move; to any other it takes 0.5 ms, and 7.5 ms times the root of
 * the part of the disk that it crosses.
 */
public final class RotatingDisk {

  public static final int REVOLUTIONS_PER_MINUTE = 7200;
  public static final long BYTES_PER_SECOND = 150_000_000;

  /** What goes past the head in one revolution. */
  public static final long TRACK_BYTES = BYTES_PER_SECOND * 60 / REVOLUTIONS_PER_MINUTE;

  /** What any seek costs, and what one across the whole disk costs more. */
  private static final double SEEK_MS = 0.5;

  private static final double SEEK_ACROSS_MS = 7.5;

  /**
   * The unit of time in here, so that a byte and a revolution are whole numbers of it: a request
   * that goes on where the last one ended must not miss its place by a rounding error.
   */
  private static final long TICKS_PER_NS = 3;

  private static final long TICKS_PER_MS = 1_000_000 * TICKS_PER_NS;
  private static final long BYTE_TICKS = 1_000 * TICKS_PER_MS / BYTES_PER_SECOND;
  private static final long REVOLUTION_TICKS = TRACK_BYTES * BYTE_TICKS;

  private final long capacityBytes;

  /** Where the last transfer ended, and when. */
  private long head;

  private long freeTicks;

  /** At the time 0 the head is at the first byte. */
  public RotatingDisk(long capacityBytes) {
    this.capacityBytes = capacityBytes;
  }

  /**
   * Reads or writes {@code bytes} from {@code offset} on.
   *
   * @param arrivalNs not before that of the request before
   * @return when it is done, nanoseconds
   */
  public long serve(long arrivalNs, long offset, long bytes) {
    long beginTicks = Math.max(arrivalNs * TICKS_PER_NS, freeTicks);
    long thereTicks = beginTicks + seekTicks(offset);
    long placeTicks = offset % TRACK_BYTES * BYTE_TICKS;
    long waitTicks = Math.floorMod(placeTicks - thereTicks, REVOLUTION_TICKS);
    freeTicks = thereTicks + waitTicks + bytes * BYTE_TICKS;
    head = offset + bytes;
    return freeTicks / TICKS_PER_NS;
  }

  private long seekTicks(long offset) {
    long tracks = Math.abs(offset / TRACK_BYTES - head / TRACK_BYTES);
    if (tracks == 0) {
      return 0;
    }
    double distance = (double) (tracks * TRACK_BYTES) / capacityBytes;
    return Math.round((SEEK_MS + SEEK_ACROSS_MS * Math.sqrt(distance)) * TICKS_PER_MS);
  }
}
