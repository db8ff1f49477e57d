package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which server a command is for. */
final class RunningServerTest {

  private Path folder;
  private final List<ServerSocketChannel> listeners = new ArrayList<>();

  @BeforeEach
  void makeFolder() throws IOException {
    folder = Files.createTempDirectory("wb");
  }

  @AfterEach
  void removeFolder() throws IOException {
    for (ServerSocketChannel listener : listeners) {
      listener.close();
    }
    for (Path file : Files.list(folder).toList()) {
      Files.delete(file);
    }
    Files.delete(folder);
  }

  private ServerSocketChannel listen(String name) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(folder.resolve(name)));
    listeners.add(listener);
    return listener;
  }

  private Path find(@Nullable String name) throws CommandFailure {
    return RunningServer.find(Optional.of(folder), name);
  }

  private CommandFailure refusal(@Nullable String name) {
    return catchThrowableOfType(CommandFailure.class, () -> find(name));
  }

  @Test
  void theOnlyOneThatRunsIsMeant() throws Exception {
    listen("home.ctl");
    listen("other.sock");
    listen("dead.ctl").close(); // its socket is left over
    Files.createFile(folder.resolve("file.ctl"));
    assertThat(find(null)).isEqualTo(folder.resolve("home.ctl"));
  }

  @Test
  void severalAreNamed() throws Exception {
    listen("a.ctl");
    listen("b.ctl");
    assertThat(refusal(null))
        .hasMessage("several servers run (a, b): name one")
        .returns(CommandFailure.USAGE, CommandFailure::exitCode);
    assertThat(find("b")).isEqualTo(folder.resolve("b.ctl"));
    assertThat(refusal("c"))
        .hasMessageContaining("no server 'c' runs here, but a, b;")
        .returns(CommandFailure.FAILURE, CommandFailure::exitCode);
  }

  @Test
  void aNameIsNoPath() throws Exception {
    listen("a_b.ctl");
    assertThat(find("a/b")).isEqualTo(folder.resolve("a_b.ctl"));
  }

  @Test
  void noneIsSaid() {
    assertThat(refusal(null)).hasMessageContaining("no server runs here");
    assertThat(refusal("home")).hasMessageContaining("no server 'home' runs here;");
    assertThat(
            catchThrowableOfType(
                CommandFailure.class, () -> RunningServer.find(Optional.empty(), null)))
        .hasMessageContaining("no server runs here;");
  }
}
