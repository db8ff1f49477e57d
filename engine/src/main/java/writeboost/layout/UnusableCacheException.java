package writeboost.layout;

import java.io.IOException;

/**
 * The cache device holds something that cannot be served; the message is one line and says what,
 * and what to do.
 */
public final class UnusableCacheException extends IOException {
  private static final long serialVersionUID = 1L;

  /** What was found. */
  public enum Kind {
    /** No superblock of any generation. */
    FOREIGN,
    /** Written by the kernel module dm-writeboost 2.x and not adopted. */
    KERNEL,
    /** The layout of 2013. */
    LAP_LAYOUT,
    /** A format that was begun and not finished, on a device that holds something else too. */
    UNFINISHED_FORMAT,
    /** Ours, but the bytes contradict their CRC or each other. */
    DAMAGED,
    /** Ours, written by a newer program. */
    VERSION,
    /** Ours and sound, but of another order, size or backing device. */
    DIFFERENT
  }

  private final Kind kind;

  public UnusableCacheException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
