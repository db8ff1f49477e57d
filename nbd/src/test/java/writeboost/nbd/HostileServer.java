package writeboost.nbd;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Plays a {@link HostileSession} to each connection, one after another, on a thread of its own. */
final class HostileServer implements AutoCloseable {

  private final Path folder;
  private final ServerSocketChannel listener;
  private final Thread thread;
  private volatile @Nullable HostileSession session;

  HostileServer() throws IOException {
    folder = Files.createTempDirectory("nbd");
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(folder.resolve("s")));
    thread = Thread.ofPlatform().daemon().name("hostile server").start(this::run);
  }

  NbdAddress uri() {
    return NbdAddress.parse("nbd+unix:///x?socket=" + folder.resolve("s"));
  }

  /** From the next connection on. */
  void play(HostileSession next) {
    session = next;
  }

  private void run() {
    while (listener.isOpen()) {
      try (SocketChannel socket = listener.accept()) {
        session.play(socket);
      } catch (IOException e) {
        // Closed; or a connection that the client gave up before it was accepted.
        Thread.onSpinWait();
      }
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    Files.deleteIfExists(folder.resolve("s"));
    Files.delete(folder);
  }
}
