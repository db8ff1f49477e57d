package writeboost.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An NBD server in a process of its own, on a Unix socket. One thread. */
final class Server implements AutoCloseable {

  private static final Duration START = Duration.ofSeconds(60);

  private final String name;
  private final Path socket;
  private final Process process;
  private final Writer input;
  private final BufferedReader output;

  private Server(String name, Path socket, Process process) {
    this.name = name;
    this.socket = socket;
    this.process = process;
    this.input = process.outputWriter();
    this.output = process.inputReader();
  }

  /**
   * nbdkit with one of its plugins.
   *
   * @param prefix what the command begins with
   */
  static Server nbdkit(List<String> prefix, Workspace workspace, String... plugin)
      throws IOException, InterruptedException {
    Path socket = workspace.file("nbdkit-" + plugin[0]);
    List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of("nbdkit", "--foreground", "--exit-with-parent", "--unix"));
    command.add(socket.toString());
    command.addAll(List.of(plugin));
    Server server = new Server("nbdkit " + plugin[0], socket, workspace.start(command));
    server.awaitSocket();
    return server;
  }

  /** A {@link BenchServer}, with the options that this JVM was started with. */
  static Server writeboost(
      List<String> prefix, Workspace workspace, Path cacheFile, long volumeBytes)
      throws IOException {
    Path socket = workspace.file("writeboost");
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(BenchServer.class.getName());
    command.addAll(List.of(socket.toString(), cacheFile.toString(), "" + volumeBytes));
    Server server = new Server("writeboost", socket, workspace.start(command));
    if (!"ready".equals(server.output.readLine())) {
      throw new IOException("the writeboost server did not start");
    }
    return server;
  }

  private void awaitSocket() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START.toNanos();
    while (!Files.exists(socket)) {
      if (process.waitFor(10, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
        throw new IOException(name + " did not start");
      }
    }
  }

  String name() {
    return name;
  }

  String uri() {
    return "nbd+unix:///?socket=" + socket;
  }

  /** CPU time of all its threads, in user mode and in the kernel. */
  Duration cpuTime() throws IOException {
    return process
        .info()
        .totalCpuDuration()
        .orElseThrow(() -> new IOException(name + " has ended before its time"));
  }

  /** Asks a {@link BenchServer}. */
  LogState logState() throws IOException {
    input.write('\n');
    input.flush();
    String answer = output.readLine();
    if (answer == null) {
      throw new IOException(name + " has ended before its time");
    }
    return LogState.parse(answer);
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    Files.deleteIfExists(socket);
  }
}
