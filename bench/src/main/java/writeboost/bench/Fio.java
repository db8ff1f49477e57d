package writeboost.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The client: one run of fio against one server. One thread. */
final class Fio {

  static final int BLOCK_BYTES = 4096;

  /** What it may take longer than it was asked to. */
  private static final long PATIENCE_S = 60;

  // Fields of a line of fio's terse output, version 3 ("Terse output" in its manual).
  private static final String TERSE = "3;";
  private static final int ERROR_FIELD = 4;
  private static final int WRITTEN_KIB_FIELD = 46;
  private static final int WRITE_IOPS_FIELD = 48;

  private final Workspace workspace;
  private final List<String> prefix;
  private final long volumeBytes;
  private final int depth;

  /**
   * @param prefix what the command begins with
   */
  Fio(Workspace workspace, List<String> prefix, long volumeBytes, int depth) {
    this.workspace = workspace;
    this.prefix = prefix;
    this.volumeBytes = volumeBytes;
    this.depth = depth;
  }

  /** Writes for so many seconds, or so many bytes if that is less. */
  Run run(Server server, int seconds, long bytes) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        List.of(
            "fio",
            "--name=run",
            "--ioengine=nbd",
            "--uri=" + server.uri(),
            "--rw=randwrite",
            "--bs=" + BLOCK_BYTES,
            "--iodepth=" + depth,
            "--size=" + volumeBytes,
            "--io_size=" + bytes,
            "--runtime=" + seconds,
            "--norandommap",
            "--randrepeat=0",
            "--output-format=terse",
            "--terse-version=3"));
    Duration before = server.cpuTime();
    Process process = workspace.start(command);
    CompletableFuture<List<String>> output =
        CompletableFuture.supplyAsync(() -> process.inputReader().lines().toList());
    if (!process.waitFor(seconds + PATIENCE_S, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("fio hangs on " + server.name());
    }
    Duration cpu = server.cpuTime().minus(before);
    return parse(output.join(), cpu, server);
  }

  private static Run parse(List<String> output, Duration cpu, Server server) throws IOException {
    for (String line : output) { // others may come before it
      if (line.startsWith(TERSE)) {
        String[] fields = line.split(";", -1);
        long requests = Long.parseLong(fields[WRITTEN_KIB_FIELD]) * 1024 / BLOCK_BYTES;
        if (requests > 0 && "0".equals(fields[ERROR_FIELD])) {
          double iops = Double.parseDouble(fields[WRITE_IOPS_FIELD]);
          return new Run(requests, iops, cpu.toNanos() / 1e3 / requests);
        }
      }
    }
    throw new IOException("fio failed on " + server.name() + ": " + String.join("\n", output));
  }
}
