package writeboost.nbd;

import org.jspecify.annotations.Nullable;

/** Submissions in order; linked through themselves, so that one can leave from the middle. */
final class SubmissionList {
  private @Nullable Submission first;
  private @Nullable Submission last;

  @Nullable Submission first() {
    return first;
  }

  void add(Submission submission) {
    submission.list = this;
    submission.previous = last;
    submission.next = null;
    if (last == null) {
      first = submission;
    } else {
      last.next = submission;
    }
    last = submission;
  }

  void remove(Submission submission) {
    Submission before = submission.previous;
    Submission after = submission.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previous = before;
    }
    submission.list = null;
    submission.next = null;
    submission.previous = null;
  }

  void moveTo(SubmissionList other) {
    for (Submission each = poll(); each != null; each = poll()) {
      other.add(each);
    }
  }

  boolean holdsFlush() {
    for (Submission each = first; each != null; each = each.next) {
      if (each.isFlush()) {
        return true;
      }
    }
    return false;
  }

  @Nullable Submission poll() {
    Submission taken = first;
    if (taken != null) {
      remove(taken);
    }
    return taken;
  }
}
