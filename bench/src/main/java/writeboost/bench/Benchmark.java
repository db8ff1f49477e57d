package writeboost.bench;

/** What is measured. */
enum Benchmark {
  /** What a request costs when there are always more to come. */
  T1("4 KiB random writes, depth 32", 32, false),

  /**
   * What a request costs one at a time. Client and server share a core: on two, this would measure
   * how long it takes to wake the other one up.
   */
  T2("4 KiB random writes, depth 1, client and server pinned to one core", 1, true),

  /**
   * What sorting buys on a disk that has to turn and to seek. No client, no server: see {@link
   * Drain}.
   */
  T6("drain of random 4 KiB blocks to the model of a rotating disk", 0, false);

  final String title;

  /** Requests that the client has in flight; 0 where there is no client. */
  final int depth;

  final boolean pinned;

  Benchmark(String title, int depth, boolean pinned) {
    this.title = title;
    this.depth = depth;
    this.pinned = pinned;
  }

  boolean hasClient() {
    return depth > 0;
  }
}
