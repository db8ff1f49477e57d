package writeboost.volume;

/**
 * Where the newest content of a block is, as {@link Volume#states} answers it. A block of 4096
 * bytes is in one state as a whole, also where its line holds some of its sectors only: the others
 * are on the backing device then.
 */
public final class BlockState {

  /** The log has nothing of it: on the backing device alone. */
  public static final int ABSENT = 0;

  /** In a line that the backing device has as well; the line goes when its slot is used again. */
  public static final int CLEAN = 1;

  /** In a line that has to be written back still, lines that cannot be written back included. */
  public static final int DIRTY = 2;

  /** The log has a zero run over it, written back or not: it reads as zeroes. */
  public static final int ZERO = 3;

  private BlockState() {}
}
