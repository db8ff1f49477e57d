package writeboost.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import writeboost.device.FileCreation;

/** What all targets measure with: room, the number of runs, and a cache file. One thread. */
final class Bench {

  /**
   * Runs that do not count. Six: the JVM compiles what it has seen often, and some of it again when
   * a connection ends, which compiled code has not met before. After these, the compilers take a
   * tenth of the server's CPU, and less with each run.
   */
  static final int WARM_UPS = 6;

  static final long CACHE_BYTES = 16L << 30;
  private static final long QUICK_CACHE_BYTES = 2L << 30;

  /** Other programs want some of the disk, too. */
  private static final long SPARE_BYTES = 512L << 20;

  /** One round of runs, one of each side. */
  interface Round {
    void run(boolean counts) throws IOException, InterruptedException;
  }

  private final Workspace workspace;
  private final boolean quick;
  private final boolean sparse;

  /**
   * @param quick a first look is wanted, no figures to keep
   * @param sparse files get their space only as they are written
   */
  Bench(Workspace workspace, boolean quick, boolean sparse) {
    this.workspace = workspace;
    this.quick = quick;
    this.sparse = sparse;
  }

  Workspace workspace() {
    return workspace;
  }

  int rounds() {
    return quick ? 3 : 5;
  }

  /** That a run takes at most. */
  int seconds() {
    return quick ? 1 : 3;
  }

  /** One of two sizes. */
  long either(long full, long forFirstLook) {
    return quick ? forFirstLook : full;
  }

  long cacheBytes() {
    return quick ? QUICK_CACHE_BYTES : CACHE_BYTES;
  }

  /**
   * What all runs of one server may write together, so that a log of {@link #cacheBytes} does not
   * become three quarters full.
   */
  long logBytes() {
    return cacheBytes() / 4 * 3 - cacheBytes() / 256;
  }

  /** Where in the cache file no log gets to that is kept within {@link #logBytes}. */
  long behindLog() {
    return cacheBytes() / 4 * 3;
  }

  /** {@link #logBytes} for each of the runs, those that do not count included. */
  long logBytesPerRun() {
    return logBytes() / (rounds() + WARM_UPS);
  }

  /** The cache file that all share, one after the other; made at its first use. */
  Path cacheFile() throws IOException {
    Path file = workspace.file("cache.img");
    return Files.exists(file) ? file : newFile("cache.img", cacheBytes());
  }

  /** A file that is written beforehand, so that the file system has nothing more to allocate. */
  Path newFile(String name, long bytes) throws IOException {
    Path file = workspace.file(name);
    if (sparse) {
      FileCreation.sparse(file, bytes).close();
      return file;
    }
    if (Files.getFileStore(file.getParent()).getUsableSpace() < bytes + SPARE_BYTES) {
      throw new IOException(
          file.getParent()
              + " has no room for a file of "
              + (bytes >> 20)
              + " MiB; try --dir or --quick");
    }
    System.err.printf("bench/compare: writing a file of %d MiB%n", bytes >> 20);
    FileCreation.allocated(file, bytes, done -> {}).close();
    return file;
  }

  /** Runs all rounds; those that do not count come first. */
  void interleave(Target target, int warmUps, Round round)
      throws IOException, InterruptedException {
    for (int number = 1 - warmUps; number <= rounds(); number++) {
      boolean counts = number > 0;
      System.err.printf(
          "bench/compare: %s, %s%n", target.name(), counts ? "round " + number : "warming up");
      round.run(counts);
    }
  }

  static void progress(Target target, String what) {
    System.err.printf("bench/compare: %s, %s%n", target.name(), what);
  }
}
