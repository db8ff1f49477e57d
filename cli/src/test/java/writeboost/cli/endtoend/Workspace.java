package writeboost.cli.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Folders for one test, and what has to be undone after it, newest first. One thread.
 *
 * <p>Large files go below the build's output, which is on a disk; sockets to where paths are short.
 */
final class Workspace implements AutoCloseable {

  private final Path files;
  private final Path sockets;
  private final Undo undo = new Undo();

  Workspace() throws IOException {
    Path output = Files.createDirectories(Path.of("target", "endtoend").toAbsolutePath());
    files = Files.createTempDirectory(output, "files");
    sockets = Files.createTempDirectory("wb");
  }

  Path file(String name) {
    return files.resolve(name);
  }

  Path folder(String name) throws IOException {
    return Files.createDirectory(files.resolve(name));
  }

  Path socket(String name) {
    return sockets.resolve(name);
  }

  /** Is run by {@link #close}, whatever else fails. */
  void atEnd(Undo.Action action) {
    undo.add(action);
  }

  @Override
  public void close() throws IOException {
    undo.close(); // if that fails nothing is removed: something may still be mounted there
    delete(files);
    delete(sockets);
  }

  private static void delete(Path folder) throws IOException {
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(folder)) {
      paths = walk.toList();
    }
    for (Path path : paths.reversed()) {
      Files.delete(path);
    }
  }
}
