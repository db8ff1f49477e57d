package writeboost.bench;

import java.util.List;

/** All that can be measured, in the order of the table. */
final class Targets {

  static final List<Target> ALL =
      List.of(
          SmallWrites.deep(),
          SmallWrites.pinned(),
          new LogThroughput(),
          new SyncCost(),
          new SortedDrain(),
          new LargeRequests(),
          new ReadHits(),
          new HalfLoad(),
          new ReadyTime());

  private Targets() {}
}
