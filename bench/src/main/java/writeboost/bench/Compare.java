package writeboost.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import writeboost.device.FileCreation;

/** The command {@code bench/compare}. Runs on the main thread. */
final class Compare {

  private static final long VOLUME_BYTES = 2L << 30;
  private static final long CACHE_BYTES = 16L << 30;

  /** All runs together write no more: the log must not become full. */
  private static final long WRITE_BYTES = CACHE_BYTES * 3 / 4 - (64 << 20);

  /**
   * Runs that do not count. Two: when the first connection ends, compiled code meets what it has
   * not met before, and some of it is compiled again.
   */
  static final int WARM_UPS = 2;

  private static final int WARM_UP_S = 3;

  private static final Path FOLDER = Path.of("/var/tmp");

  private final Options options;
  private final Workspace workspace;
  private final Path cacheFile;

  private Compare(Options options, Workspace workspace) {
    this.options = options;
    this.workspace = workspace;
    this.cacheFile = workspace.file("cache.img");
  }

  public static void main(String[] args) {
    if (List.of(args).contains("--help")) {
      System.out.print(Options.USAGE);
      return;
    }
    try {
      Options options = Options.parse(args);
      if (hasClients(options)) {
        requirePrograms();
      }
      compare(options);
    } catch (Options.UsageException e) {
      System.err.println("bench/compare: " + e.getMessage());
      System.err.print(Options.USAGE);
      System.exit(2);
    } catch (IOException e) {
      System.err.println("bench/compare: " + e.getMessage());
      System.exit(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      System.exit(1);
    }
  }

  static boolean hasClients(Options options) {
    return options.benchmarks().stream().anyMatch(benchmark -> benchmark.hasClient());
  }

  private static void requirePrograms() throws IOException {
    List<String> missing = Programs.missingPackages(System.getenv().getOrDefault("PATH", ""));
    if (!missing.isEmpty()) {
      String packages = String.join(" ", missing);
      throw new IOException("needs programs that are missing: apt-get install " + packages);
    }
  }

  private static void compare(Options options) throws IOException, InterruptedException {
    Path folder = options.folder() == null ? FOLDER : options.folder();
    requireSpace(folder, hasClients(options) ? CACHE_BYTES : Drain.CACHE_BYTES);
    Map<String, String> conditions = Conditions.of(options);
    System.out.print(Report.conditions(conditions));
    List<Result> results = new ArrayList<>();
    try (Workspace workspace = Workspace.in(folder)) {
      Compare compare = new Compare(options, workspace);
      if (hasClients(options)) {
        compare.createCache();
      }
      for (Benchmark benchmark : options.benchmarks()) {
        Result result = benchmark.hasClient() ? compare.measure(benchmark) : compare.drain();
        results.add(result);
        System.out.print(Report.of(result));
      }
    }
    if (options.json() != null) {
      Files.writeString(options.json(), Json.of(conditions, results));
    }
  }

  private static void requireSpace(Path folder, long bytes) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new IOException(folder + " is not a folder; give one with --dir");
    }
    if (Files.getFileStore(folder).getUsableSpace() < bytes + bytes / 16) {
      throw new IOException(
          folder + " has no room for a file of " + (bytes >> 20) + " MiB; try --dir");
    }
  }

  private void createCache() throws IOException {
    if (options.sparseCache()) {
      FileCreation.sparse(cacheFile, CACHE_BYTES).close();
    } else {
      System.err.println("bench/compare: writing the cache file");
      FileCreation.allocated(cacheFile, CACHE_BYTES, done -> {}).close();
    }
  }

  private DrainResult drain() throws IOException, InterruptedException {
    return new Drain(workspace.file("drain.img"), options.sparseCache(), options.drainBlocks())
        .measure(options.rounds());
  }

  private Comparison measure(Benchmark benchmark) throws IOException, InterruptedException {
    String core = String.valueOf(Runtime.getRuntime().availableProcessors() - 1);
    List<String> prefix = benchmark.pinned ? List.of("taskset", "--cpu-list", core) : List.of();
    Fio fio = new Fio(workspace, prefix, VOLUME_BYTES, benchmark.depth);
    String size = "size=" + VOLUME_BYTES;
    try (Server ours = Server.writeboost(prefix, workspace, cacheFile, VOLUME_BYTES);
        Server nothing = Server.nbdkit(prefix, workspace, "null", size);
        Server memory = Server.nbdkit(prefix, workspace, "memory", size)) {
      List<Server> servers = List.of(ours, nothing, memory);
      List<Comparison.Series> measured = new ArrayList<>();
      servers.forEach(server -> measured.add(new Comparison.Series(server.name())));
      long ourRequests = 0;
      for (int round = 1 - WARM_UPS; round <= options.rounds(); round++) {
        boolean counts = round > 0;
        System.err.printf(
            "bench/compare: %s, %s%n", benchmark, counts ? "round " + round : "warming up");
        for (int i = 0; i < servers.size(); i++) {
          int seconds = counts ? options.seconds() : WARM_UP_S;
          Run run = fio.run(servers.get(i), seconds, bytesPerRun());
          ourRequests += i == 0 ? run.requests() : 0;
          if (counts) {
            measured.get(i).runs().add(run);
          }
        }
      }
      LogState log = ours.logState();
      return new Comparison(benchmark, measured, log, log.overwrittenInPlace(ourRequests));
    }
  }

  private long bytesPerRun() {
    return WRITE_BYTES / (options.rounds() + WARM_UPS);
  }
}
