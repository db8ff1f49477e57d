package writeboost.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder of files and a number of processes that do not outlive the comparison, even if that is
 * broken off by a signal. Any thread.
 */
final class Workspace implements AutoCloseable {

  private final Path folder;
  private final List<Process> processes = new ArrayList<>();
  private boolean closed;

  private Workspace(Path folder) {
    this.folder = folder;
    Runtime.getRuntime().addShutdownHook(new Thread(this::close, "clean up"));
  }

  /** A new folder in {@code parent}. */
  static Workspace in(Path parent) throws IOException {
    return new Workspace(Files.createTempDirectory(parent, "writeboost-bench-"));
  }

  Path file(String name) {
    return folder.resolve(name);
  }

  /** Starts a process; what it says on its standard error is shown. */
  Process start(List<String> command) throws IOException {
    return start(command, Redirect.INHERIT);
  }

  /** Starts a process; what it says on its standard error goes to {@code errors}. */
  synchronized Process start(List<String> command, Redirect errors) throws IOException {
    if (closed) {
      throw new IOException("broken off");
    }
    Process process = new ProcessBuilder(command).redirectError(errors).start();
    processes.removeIf(earlier -> !earlier.isAlive());
    processes.add(process);
    return process;
  }

  /** Whether its end has come, from whatever side. */
  synchronized boolean isClosed() {
    return closed;
  }

  /** Ends the processes, those that are there. */
  synchronized void endProcesses() {
    for (Process process : processes) {
      process.destroyForcibly();
    }
    for (Process process : processes) {
      process.onExit().join();
    }
  }

  /** Ends the processes and removes the files. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    endProcesses();
    try {
      while (!isRemoved()) {
        // The thread that was broken off has put a file there in between; it does so once at most.
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot clean up " + folder, e);
    }
  }

  /** The thread that was broken off may be removing files at the same time. */
  private boolean isRemoved() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
    }
    try {
      Files.delete(folder);
      return true;
    } catch (DirectoryNotEmptyException e) {
      return false;
    }
  }
}
