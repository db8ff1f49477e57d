package writeboost.bench;

/** What is measured. */
enum Benchmark {
  /** What a request costs when there are always more to come. */
  T1("4 KiB random writes, depth 32", 32, false),

  /**
   * What a request costs one at a time. Client and server share a core: on two, this would measure
   * how long it takes to wake the other one up.
   */
  T2("4 KiB random writes, depth 1, client and server pinned to one core", 1, true);

  final String title;
  final int depth;
  final boolean pinned;

  Benchmark(String title, int depth, boolean pinned) {
    this.title = title;
    this.depth = depth;
    this.pinned = pinned;
  }
}
