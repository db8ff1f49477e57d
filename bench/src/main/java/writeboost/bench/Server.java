package writeboost.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An NBD server in a process of its own, on a Unix socket. One thread. */
final class Server implements AutoCloseable {

  static final String OURS = "writeboost";

  private static final Duration START = Duration.ofSeconds(60);

  private final String name;
  private final Path socket;
  private final Process process;
  private final Writer input;
  private final BufferedReader output;

  /** From its start until it was ready; 0 where nobody has looked. */
  private long startNs;

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
  static Server nbdkit(List<String> prefix, Workspace workspace, String plugin, long volumeBytes)
      throws IOException, InterruptedException {
    return nbdkit(prefix, workspace, List.of(plugin, "size=" + volumeBytes));
  }

  private static Server nbdkit(List<String> prefix, Workspace workspace, List<String> plugin)
      throws IOException, InterruptedException {
    String name = "nbdkit " + plugin.getFirst();
    Path socket = workspace.file(name.replace(' ', '-'));
    List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of("nbdkit", "--foreground", "--exit-with-parent", "--unix"));
    command.add(socket.toString());
    command.addAll(plugin);
    Server server = new Server(name, socket, workspace.start(command));
    server.awaitSocket();
    return server;
  }

  /** nbdkit on a file. A write goes into the page cache, a flush is an fdatasync. */
  static Server nbdkitFile(Workspace workspace, Path file)
      throws IOException, InterruptedException {
    return nbdkit(List.of(), workspace, List.of("file", file.toString()));
  }

  /** qemu-nbd on a file, past the page cache, with io_uring; it does not mind who else has it. */
  static Server qemuNbd(Workspace workspace, Path file) throws IOException, InterruptedException {
    Path socket = workspace.file("qemu-nbd");
    List<String> command =
        List.of(
            "qemu-nbd",
            "--persistent",
            "--shared=8",
            "--cache=none",
            "--aio=io_uring",
            "--socket=" + socket,
            "--image-opts",
            "driver=raw,file.driver=file,file.locking=off,file.filename=" + file);
    Server server = new Server("qemu-nbd", socket, workspace.start(command));
    server.awaitSocket();
    return server;
  }

  /** A {@link BenchServer}, with the options that this JVM was started with. */
  static Server bench(List<String> prefix, Workspace workspace, Setup setup) throws IOException {
    Path socket = workspace.file("writeboost");
    List<String> command = new ArrayList<>(prefix);
    command.addAll(Programs.java());
    command.add(BenchServer.class.getName());
    command.add(socket.toString());
    command.addAll(setup.arguments());
    Server server = new Server(OURS, socket, workspace.start(command));
    server.awaitReady("ready");
    return server;
  }

  /** The command of this source tree, as its users run it. Write-back does not begin by itself. */
  static Server serve(Workspace workspace, Path backing, Path cache, String... options)
      throws IOException {
    Path socket = workspace.file("serve.sock");
    List<String> command = new ArrayList<>(List.of(Programs.writeboost(), "serve"));
    command.addAll(List.of(backing.toString(), cache.toString(), "--name", ""));
    command.addAll(List.of("--listen", "nbd+unix:///?socket=" + socket));
    command.addAll(List.of("--control", workspace.file("serve.ctl").toString()));
    command.addAll(List.of("--set", "allow_migrate=0", "--set", "enable_migration_modulator=0"));
    command.addAll(List.of(options));
    Path log = workspace.file("serve.log");
    long beginNs = System.nanoTime();
    Process process = workspace.start(command, Redirect.to(log.toFile()));
    Server server = new Server(OURS, socket, process);
    try {
      server.awaitReady("ready ");
    } catch (IOException e) {
      List<String> said = Files.readAllLines(log);
      throw new IOException(said.isEmpty() ? e.getMessage() : said.getLast(), e);
    }
    server.startNs = System.nanoTime() - beginNs;
    return server;
  }

  private void awaitReady(String beginning) throws IOException {
    String line = output.readLine();
    if (line == null || !line.startsWith(beginning)) {
      throw new IOException("the writeboost server did not start");
    }
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

  /** From exec until it said that it was ready. */
  long startNs() {
    return startNs;
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

  /** What it does when nobody asks, write-back for one, must not be in a peer's way. */
  void pause() throws IOException, InterruptedException {
    signal("STOP");
  }

  void goOn() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String signal) throws IOException, InterruptedException {
    Process kill =
        new ProcessBuilder("kill", "-s", signal, String.valueOf(process.pid())).inheritIO().start();
    if (kill.waitFor() != 0) {
      throw new IOException(name + " has ended before its time");
    }
  }

  /** Ends it as a user does, and waits until what is in its RAM is saved. */
  void stop() throws IOException {
    process.destroy();
    int status = process.onExit().join().exitValue();
    if (status != 0) {
      throw new IOException(name + " stopped with exit code " + status);
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    Files.deleteIfExists(socket);
  }
}
