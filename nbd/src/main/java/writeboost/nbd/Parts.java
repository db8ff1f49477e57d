package writeboost.nbd;

import org.jspecify.annotations.Nullable;

/**
 * The slots for requests on the wire, free or in flight. Guarded by the lock of {@link Traffic}.
 */
final class Parts {

  private static final int SLOTS = 256;

  private final Part[] all = new Part[SLOTS];
  private final Part[] free = new Part[SLOTS];
  private int freeCount = SLOTS;

  Parts() {
    for (int i = 0; i < SLOTS; i++) {
      all[i] = new Part(i);
      free[i] = all[i];
    }
  }

  boolean hasFree() {
    return freeCount > 0;
  }

  boolean isIdle() {
    return freeCount == SLOTS;
  }

  Part take(Submission submission) {
    Part part = free[--freeCount];
    part.begin(submission);
    submission.parts++;
    return part;
  }

  /** Frees {@code part}; the answer is what it was of. */
  Submission release(Part part) {
    Submission submission = part.submission();
    part.submission = null;
    free[freeCount++] = part;
    submission.parts--;
    return submission;
  }

  void releaseAll() {
    for (Part part : all) {
      if (part.submission != null) {
        release(part);
      }
    }
  }

  /** The part that can be answered with {@code cookie}; null if none can be. */
  @Nullable Part find(long cookie) {
    int slot = (int) cookie;
    if (slot < 0 || slot >= SLOTS) {
      return null;
    }
    Part part = all[slot];
    return part.submission != null && part.cookie() == cookie && part.copied ? part : null;
  }

  /** Whether a server may be at work on changes. */
  boolean haveChanges() {
    for (Part part : all) {
      if (part.submission != null && part.changes()) {
        return true;
      }
    }
    return false;
  }
}
