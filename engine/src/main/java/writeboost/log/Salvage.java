package writeboost.log;

import java.util.ArrayList;
import java.util.List;
import writeboost.layout.UnusableCacheException;

/**
 * Damage that a resume comes upon: where the user has not said that the sound part will do, it is
 * the end; where they have, a list of what is not used. One thread.
 */
final class Salvage {

  private final String device;
  private final boolean wanted;
  private final List<String> notUsed = new ArrayList<>();
  private boolean happened;

  /**
   * @param device what messages call the cache device
   */
  Salvage(String device, boolean wanted) {
    this.device = device;
    this.wanted = wanted;
  }

  boolean isWanted() {
    return wanted;
  }

  /** Whether any damage was found. */
  boolean happened() {
    return happened;
  }

  /** Something that was durable cannot be used: refuses, or goes on without it. */
  void damaged(String what) throws UnusableCacheException {
    happened = true;
    notUsed.add(what);
    if (!wanted) {
      throw refusal(
          what + "; --salvage uses the part of the log before it, and lists what it does not use");
    }
  }

  /** Because of damage elsewhere. */
  void notUsed(String what) {
    if (happened) {
      notUsed.add(what);
    }
  }

  UnusableCacheException refusal(String what) {
    return new UnusableCacheException(UnusableCacheException.Kind.DAMAGED, device + ": " + what);
  }

  List<String> list() {
    return List.copyOf(notUsed);
  }
}
