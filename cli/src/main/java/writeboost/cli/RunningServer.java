package writeboost.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import writeboost.cli.control.ControlClient;
import writeboost.cli.control.ControlRequest;
import writeboost.cli.control.RefusedException;
import writeboost.cli.json.JsonObject;

/** The server that a command is for: named, or the only one that runs. Main thread. */
final class RunningServer implements AutoCloseable {

  private static final String SAY_WHICH = "say where it is with " + ControlSocket.OPTION_PATH;

  /** The option that the commands have in common. */
  static final class Choice {
    @Option(
        names = ControlSocket.OPTION,
        paramLabel = "PATH",
        description = "The server's control socket, if it is not at its usual place.")
    private @Nullable Path control;

    /**
     * Connects to the server.
     *
     * @param name null for the only one that runs
     */
    RunningServer connect(@Nullable String name) throws CommandFailure {
      return RunningServer.connect(path(name));
    }

    Path path(@Nullable String name) throws CommandFailure {
      if (control == null) {
        return find(SocketDirectory.existing(ControlSocket.OPTION_PATH), name);
      }
      if (name != null) {
        throw CommandFailure.usage(
            "both %s and %s %s say which server; leave one out"
                .formatted(name, ControlSocket.OPTION, control));
      }
      return control.toAbsolutePath();
    }
  }

  /** What the commands take that want nothing but a server. */
  static final class Named {
    @Parameters(
        index = "0",
        arity = "0..1",
        paramLabel = "NAME",
        description = "Which server; may be left out if only one runs.")
    private @Nullable String name;

    @Mixin private final Choice choice = new Choice();

    RunningServer connect() throws CommandFailure {
      return choice.connect(name);
    }

    Path path() throws CommandFailure {
      return choice.path(name);
    }
  }

  private final Path path;
  private final ControlClient client;

  private RunningServer(Path path, ControlClient client) {
    this.path = path;
    this.client = client;
  }

  static RunningServer connect(Path path) throws CommandFailure {
    if (!Files.exists(path)) {
      throw CommandFailure.failure(
          path + ": there is no such control socket; check the path, or start the server");
    }
    if (Files.isRegularFile(path) || Files.isDirectory(path)) {
      throw CommandFailure.failure(path + ": is not a control socket; check the path");
    }
    try {
      return new RunningServer(path, ControlClient.connect(path));
    } catch (ConnectException e) {
      throw CommandFailure.failure(
          path + ": no server listens there any more; start it again with 'serve'");
    } catch (IOException | RuntimeException e) {
      throw CommandFailure.failure(
          "%s: cannot be connected to: %s; only the server's user and root can"
              .formatted(path, e.getMessage()));
    }
  }

  /**
   * The control socket in {@code folder} of the server {@code name}, or of the only one that runs.
   */
  static Path find(Optional<Path> folder, @Nullable String name) throws CommandFailure {
    if (folder.isPresent() && name != null) {
      Path path = folder.get().resolve(name.replace('/', '_') + ControlSocket.SUFFIX);
      if (Files.exists(path)) {
        return path;
      }
    }
    List<Path> running = folder.isPresent() ? running(folder.get()) : List.of();
    String names = String.join(", ", running.stream().map(RunningServer::name).toList());
    if (name != null) {
      throw CommandFailure.failure(
          "no server '%s' runs here%s; check the name, or %s"
              .formatted(name, running.isEmpty() ? "" : ", but " + names, SAY_WHICH));
    }
    if (running.isEmpty()) {
      throw CommandFailure.failure(
          "no server runs here%s; start one with 'serve', or %s"
              .formatted(
                  folder.map(path -> " (none has its socket in " + path + ")").orElse(""),
                  SAY_WHICH));
    }
    if (running.size() > 1) {
      throw CommandFailure.usage("several servers run (%s): name one".formatted(names));
    }
    return running.getFirst();
  }

  /** Those that somebody listens at, in the order of their names. */
  private static List<Path> running(Path folder) throws CommandFailure {
    List<Path> running = new ArrayList<>();
    try (DirectoryStream<Path> sockets =
        Files.newDirectoryStream(folder, "*" + ControlSocket.SUFFIX)) {
      for (Path socket : sockets) {
        if (UnixSocket.answers(socket)) {
          running.add(socket);
        }
      }
    } catch (IOException e) {
      throw CommandFailure.failure(folder + ": cannot be looked into: " + e.getMessage());
    }
    running.sort(null);
    return running;
  }

  private static String name(Path socket) {
    String file = String.valueOf(socket.getFileName());
    return file.substring(0, file.length() - ControlSocket.SUFFIX.length());
  }

  /** Asks, and waits for the answer. */
  JsonObject ask(ControlRequest request) throws CommandFailure {
    return ask(request, progress -> {});
  }

  /**
   * Asks, and waits for the answer.
   *
   * @param progress given each report on the way
   */
  JsonObject ask(ControlRequest request, Consumer<JsonObject> progress) throws CommandFailure {
    try {
      return client.ask(request, progress);
    } catch (RefusedException e) {
      throw CommandFailure.failure(name() + ": " + e.why());
    } catch (ControlClient.NotControlException e) {
      throw CommandFailure.failure(
          "%s: is not a control socket: %s; check the path".formatted(path, e.getMessage()));
    } catch (IOException e) {
      throw CommandFailure.failure(
          "%s: no answer: %s; look at what the server said".formatted(name(), e.getMessage()));
    }
  }

  /** What messages call it. */
  String name() {
    String file = String.valueOf(path.getFileName());
    return file.endsWith(ControlSocket.SUFFIX) ? name(path) : path.toString();
  }

  /** Where {@code request} stops it: waits until its process has ended. */
  void awaitEndOf(ControlRequest request) {
    if (!request.command().equals("stop")) {
      return;
    }
    try {
      client.awaitEnd();
    } catch (IOException e) {
      return; // the process took the connection with it
    }
  }

  @Override
  public void close() {
    try {
      client.close();
    } catch (IOException e) {
      return; // there is nothing left to be lost
    }
  }
}
