package writeboost.bench;

import java.util.List;

/** All that can be measured, in the order of the table. */
final class Targets {

  static final List<Target> ALL =
      List.of(
          SmallWrites.deep(),
          SmallWrites.pinned(),
          new LogThroughput(),
          new FlushedWrites(),
          new SyncCost(),
          new SortedDrain(),
          new MemoryPerCache(),
          new ResumeTime(),
          new LargeRequests(),
          new ReadHits(),
          new HalfLoad(),
          new ReadyTime(),
          new SteadyState());

  private Targets() {}
}
