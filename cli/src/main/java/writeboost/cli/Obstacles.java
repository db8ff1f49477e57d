package writeboost.cli;

import java.util.ArrayList;
import java.util.List;
import writeboost.volume.Snapshot;

/** Why something is left that cannot be written back, for people: which device, and how much. */
final class Obstacles {

  private Obstacles() {}

  /**
   * @param cache what the cache device is called
   * @param backing what the backing device is called
   */
  static String of(Snapshot now, Object cache, Object backing) {
    List<String> all = new ArrayList<>();
    if (now.damagedLines() > 0) {
      all.add(lines(now.damagedLines()) + " of " + cache + " damaged, or not to be read");
    }
    if (now.refusedLines() > 0) {
      all.add(backing + " did not take " + lines(now.refusedLines()));
    }
    return String.join(", and ", all);
  }

  private static String lines(long count) {
    return count == 1 ? "1 line" : count + " lines";
  }
}
