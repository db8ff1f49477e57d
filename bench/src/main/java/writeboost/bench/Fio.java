package writeboost.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The client: runs of fio, against a server or on a file. One thread. */
final class Fio {

  /** What it may take longer than it was asked to, or altogether where no time was given. */
  private static final long PATIENCE_S = 1200;

  private static final String PERCENTILE = "/clat_ns/percentile/";

  private final Workspace workspace;
  private final List<String> prefix;

  /**
   * @param prefix what the command begins with
   */
  Fio(Workspace workspace, List<String> prefix) {
    this.workspace = workspace;
    this.prefix = prefix;
  }

  Fio(Workspace workspace) {
    this(workspace, List.of());
  }

  /** Over NBD. The figures have the server's CPU time. */
  Run run(Server server, Load load) throws IOException, InterruptedException {
    long before = server.cpuTime().toNanos();
    Run run = run(server.name(), List.of("--ioengine=nbd", "--uri=" + server.uri()), load);
    return run.withCpu(server.cpuTime().toNanos() - before);
  }

  /**
   * On a file, past the page cache; with io_uring, but with plain system calls where each write is
   * flushed: io_uring would leave the flush to a thread of the kernel, which is slower.
   */
  Run run(Path file, Load load) throws IOException, InterruptedException {
    String engine = load.flushes() ? "psync" : "io_uring";
    Run run =
        run(
            file.toString(),
            List.of("--ioengine=" + engine, "--direct=1", "--filename=" + file),
            load);
    // It knows how long the writes took, and how long the flushes, but not the two together.
    return load.flushes() ? run.withoutLatencies() : run;
  }

  private Run run(String name, List<String> engine, Load load)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of("fio", "--name=run", "--thread=1", "--output-format=json"));
    command.addAll(engine);
    command.addAll(load.arguments());
    Process process = workspace.start(command);
    CompletableFuture<List<String>> output =
        CompletableFuture.supplyAsync(() -> process.inputReader().lines().toList());
    if (!process.waitFor(load.seconds() + PATIENCE_S, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("fio hangs on " + name);
    }
    try {
      return parse(String.join("\n", output.join()), load.writes());
    } catch (IOException e) {
      throw new IOException("fio failed on " + name + ": " + e.getMessage(), e);
    }
  }

  /** Reads what fio prints as JSON; other lines may come before it. */
  static Run parse(String output, boolean writes) throws IOException {
    Map<String, Double> numbers = JsonNumbers.parse(output.substring(Math.max(0, begin(output))));
    String job = "/jobs/0";
    String side = job + (writes ? "/write" : "/read");
    double requests = numbers.getOrDefault(side + "/total_ios", 0.0);
    if (requests == 0 || numbers.getOrDefault(job + "/error", 1.0) != 0) {
      throw new IOException("no request was answered, or one with an error");
    }
    Map<Metric, Double> figures = new EnumMap<>(Metric.class);
    figures.put(Metric.IOPS, number(numbers, side + "/iops"));
    figures.put(Metric.MEGABYTES_PER_S, number(numbers, side + "/bw_bytes") / 1e6);
    figures.put(Metric.P50_MICROS, number(numbers, side + PERCENTILE + "50.000000") / 1e3);
    figures.put(Metric.P99_MICROS, number(numbers, side + PERCENTILE + "99.000000") / 1e3);
    figures.put(Metric.P999_MICROS, number(numbers, side + PERCENTILE + "99.900000") / 1e3);
    return new Run((long) requests, figures);
  }

  private static int begin(String output) {
    return output.startsWith("{") ? 0 : output.indexOf("\n{");
  }

  private static double number(Map<String, Double> numbers, String path) throws IOException {
    Double number = numbers.get(path);
    if (number == null) {
      throw new IOException("its output has no " + path);
    }
    return number;
  }
}
