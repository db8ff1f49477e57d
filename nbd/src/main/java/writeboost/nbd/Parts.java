package writeboost.nbd;

import org.jspecify.annotations.Nullable;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * The slots for requests on the wire, free or in flight. Guarded by the lock of {@link Traffic}.
 */
final class Parts {

  private static final int SLOTS = 256;

  /** Of one request, so that none keeps others waiting for long. */
  private static final int MAX_EACH = 16;

  /** Bytes of one TRIM or WRITE_ZEROES on the wire, which has 32 bits for them. */
  private static final long MAX_RANGE = 1L << 30;

  /** Bytes that the kernel needs of its own for what is sent in one write. */
  private static final int KERNEL_OVERHEAD = 2048;

  private final Part[] all = new Part[SLOTS];
  private final Part[] free = new Part[SLOTS];
  private int freeCount = SLOTS;

  /** Of all that are in flight: what is answered has been read. */
  private long kernelBytes;

  Parts() {
    for (int i = 0; i < SLOTS; i++) {
      all[i] = new Part(i);
      free[i] = all[i];
    }
  }

  boolean isIdle() {
    return freeCount == SLOTS;
  }

  /**
   * Makes parts of what is {@code waiting}, in its order, as far as there are slots and room; what
   * is wholly made parts of is moved to {@code running}.
   *
   * @param batch gets the parts
   * @param mark what a FLUSH covers
   * @param mostBytes {@link #kernelBytes} of all that is in flight then
   * @return how many
   */
  int issue(
      SubmissionList waiting,
      SubmissionList running,
      Part[] batch,
      RemoteExport export,
      long mark,
      long mostBytes) {
    int count = 0;
    Submission submission = waiting.first();
    while (submission != null && count < batch.length && freeCount > 0) {
      Submission following = submission.next;
      while (!submission.isIssued()
          && submission.parts < MAX_EACH
          && count < batch.length
          && freeCount > 0) {
        long bytes = kernelBytes(submission, export);
        if (kernelBytes + bytes > mostBytes) {
          return count;
        }
        batch[count++] = issue(submission, export, mark, bytes);
      }
      if (submission.isIssued()) {
        waiting.remove(submission);
        running.add(submission);
      }
      submission = following;
    }
    return count;
  }

  private Part issue(Submission submission, RemoteExport export, long mark, long bytes) {
    Part part = free[--freeCount];
    part.begin(submission);
    part.kernelBytes = bytes;
    kernelBytes += bytes;
    submission.parts++;
    if (submission.isAside()) {
      part.aside(submission.aside, submission.request(), export, MAX_RANGE);
      submission.issued = 1;
    } else if (submission.isFlush() || submission.syncing) {
      part.flush(mark);
      submission.issued = 1;
    } else {
      part.range(submission.request(), submission.issued, export, MAX_RANGE);
      submission.issued += part.length;
    }
    return part;
  }

  /**
   * Bytes that the kernel may need to keep the next part of {@code submission} until the server
   * reads it: it rounds sizes up to powers of two.
   */
  private static long kernelBytes(Submission submission, RemoteExport export) {
    if (submission.isAside() || submission.isFlush() || submission.syncing) {
      return KERNEL_OVERHEAD;
    }
    Request request = submission.request();
    boolean payload =
        request.operation == Operation.WRITE
            || request.operation == Operation.WRITE_ZEROES && !export.canZero();
    long left = request.length - submission.issued;
    return KERNEL_OVERHEAD + (payload ? 2 * Math.min(left, export.maximumPayload()) : 0);
  }

  /** Frees {@code part}; the answer is what it was of. */
  Submission release(Part part) {
    Submission submission = part.submission();
    part.submission = null;
    kernelBytes -= part.kernelBytes;
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
