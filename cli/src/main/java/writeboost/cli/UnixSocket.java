package writeboost.cli;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import writeboost.device.Posix;

/** A listening Unix socket that only we can connect to, and its name in the file system. */
final class UnixSocket {

  /** What fits sun_path, without its final zero. */
  private static final int PATH_BYTES_MAX = 107;

  private static final int BACKLOG = 128;
  private static final int TYPE_MASK = 0170000;
  private static final int SOCKET_TYPE = 0140000;

  private final Path path;
  private final ServerSocketChannel channel;
  private final Object inode;

  private UnixSocket(Path path, ServerSocketChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    this.inode = Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  /** Refuses a path that cannot be a socket's. Touches nothing. */
  static void check(Path path, String option) throws CommandFailure {
    if (path.toString().getBytes(StandardCharsets.UTF_8).length > PATH_BYTES_MAX) {
      throw CommandFailure.failure(
          "%s: too long for a socket (at most %d bytes); give a shorter one with %s"
              .formatted(path, PATH_BYTES_MAX, option));
    }
    Path folder = path.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw CommandFailure.failure(path + ": its folder does not exist; create it");
    }
  }

  /**
   * Listens at {@code path}. The caller holds the lock of the cache, so a socket of this name that
   * nobody answers is left over from a crash.
   *
   * @param option says where else to listen
   */
  static UnixSocket listen(Path path, String option) throws CommandFailure {
    check(path, option);
    try {
      if (isLeftOver(path, option)) {
        Files.delete(path);
      }
      return new UnixSocket(path, bind(path));
    } catch (BindException e) {
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        throw inUse(path, option, "another program has just taken it; stop that program");
      }
      throw CommandFailure.failure(
          path + ": cannot listen there: " + e.getMessage() + "; give another " + option);
    } catch (IOException e) {
      throw CommandFailure.failure(path + ": cannot listen there: " + e.getMessage());
    }
  }

  /** The process' umask keeps others out from the first moment; a bind replaces nothing. */
  private static ServerSocketChannel bind(Path path) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(UnixDomainSocketAddress.of(path), BACKLOG);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Refuses a name that anything but a socket that was left over has. Touches nothing. */
  static void requireFree(Path path, String option) throws CommandFailure {
    try {
      isLeftOver(path, option);
    } catch (IOException e) {
      throw CommandFailure.failure(path + ": cannot listen there: " + e.getMessage());
    }
  }

  /** True if there is such a socket, false if the name is free. */
  private static boolean isLeftOver(Path path, String option) throws IOException, CommandFailure {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    Object owner = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    if ((mode & TYPE_MASK) != SOCKET_TYPE) {
      throw inUse(path, option, "there is something that is not a socket; remove it");
    }
    if (!owner.equals(Posix.effectiveUser())) {
      throw inUse(path, option, "it is another user's socket; remove it");
    }
    if (answers(path)) {
      throw inUse(path, option, "another server listens there; stop it");
    }
    return true;
  }

  /** Only a refusal says that nobody listens; a queue that is full, for one, says the opposite. */
  static boolean answers(Path path) {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.configureBlocking(false); // a full queue would hold a blocking one
      probe.connect(UnixDomainSocketAddress.of(path));
      return true;
    } catch (ConnectException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private static CommandFailure inUse(Path path, String option, String why) {
    return CommandFailure.failure(
        "%s: cannot listen there: %s, or give another %s or --name".formatted(path, why, option));
  }

  ServerSocketChannel channel() {
    return channel;
  }

  /** Gives the name back, if it is still ours. */
  void remove() throws IOException {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        && inode.equals(Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS))) {
      Files.delete(path);
    }
  }
}
