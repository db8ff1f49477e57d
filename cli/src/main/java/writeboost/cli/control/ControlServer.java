package writeboost.cli.control;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystems;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jdk.net.ExtendedSocketOptions;

/**
 * Answers requests on a Unix socket, for its own user and root only. A thread for each client, of
 * whom there are few; who is slow to ask or to take an answer is cut off. Any thread.
 */
public final class ControlServer {

  private static final System.Logger LOG = System.getLogger("writeboost");

  /** Clients at once; further ones are told so. */
  static final int CLIENTS_MAX = 32;

  /** For a request to come, and for a line of an answer to be taken. */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final int IDLE_S = 60;

  private static final int ROOT = 0;

  /** When the process has no file descriptor to spare, accepting again at once would only spin. */
  private static final long ACCEPT_AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(100);

  private final ServerSocketChannel listener;
  private final Controlled controlled;
  private final Duration patience;
  private final Set<UserPrincipal> welcome;
  private final Semaphore free = new Semaphore(CLIENTS_MAX);
  private final ScheduledThreadPoolExecutor timer;

  private ControlServer(
      ServerSocketChannel listener,
      Controlled controlled,
      Duration patience,
      Set<UserPrincipal> welcome) {
    this.listener = listener;
    this.controlled = controlled;
    this.patience = patience;
    this.welcome = welcome;
    this.timer =
        new ScheduledThreadPoolExecutor(
            1, task -> Thread.ofPlatform().daemon().name("control timer").unstarted(task));
    timer.setRemoveOnCancelPolicy(true);
    timer.setKeepAliveTime(IDLE_S, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true); // it is needed until the last client is gone
  }

  /**
   * Serves {@code listener} until that is closed.
   *
   * @param user the number of the user who may ask, beside root
   */
  public static void start(ServerSocketChannel listener, int user, Controlled controlled)
      throws IOException {
    start(listener, user, controlled, PATIENCE);
  }

  static void start(
      ServerSocketChannel listener, int user, Controlled controlled, Duration patience)
      throws IOException {
    UserPrincipalLookupService users = FileSystems.getDefault().getUserPrincipalLookupService();
    Set<UserPrincipal> welcome =
        Set.copyOf(
            List.of(
                users.lookupPrincipalByName(String.valueOf(user)),
                users.lookupPrincipalByName(String.valueOf(ROOT))));
    ControlServer server = new ControlServer(listener, controlled, patience, welcome);
    Thread.ofPlatform().daemon().name("control accept").start(server::accept);
  }

  private void accept() {
    while (listener.isOpen()) {
      try {
        SocketChannel socket = listener.accept();
        try {
          admit(socket);
        } catch (IOException | RuntimeException | Error e) {
          socket.close();
          throw e;
        }
      } catch (IOException | RuntimeException | OutOfMemoryError e) {
        if (listener.isOpen()) {
          LOG.log(Level.WARNING, "A control client could not be accepted: {0}", e.toString());
          LockSupport.parkNanos(ACCEPT_AGAIN_NS);
        }
      }
    }
  }

  private void admit(SocketChannel socket) throws IOException {
    UserPrincipal user = socket.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
    if (!welcome.contains(user)) {
      LOG.log(Level.WARNING, "A control client of user {0} was turned away", user.getName());
      turnAway(socket, "only the server's own user and root may control it");
    } else if (!free.tryAcquire()) {
      turnAway(socket, "too many control connections at once; try again");
    } else {
      Runnable client = new ControlClientLoop(socket, controlled, this);
      Thread.ofPlatform().daemon().name("control client").start(client);
    }
  }

  /** Never waits: a socket nobody has written to yet takes a line. */
  private static void turnAway(SocketChannel socket, String why) throws IOException {
    try (socket) {
      socket.configureBlocking(false);
      new Answer(new Lines(socket, ControlRequest.LENGTH_MAX)::write).refused(why);
    }
  }

  /** Cuts {@code socket} off unless the answer is cancelled in time. */
  Future<?> limit(SocketChannel socket) {
    return timer.schedule(() -> close(socket), patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  void ended(SocketChannel socket) {
    close(socket);
    free.release();
  }

  private static void close(SocketChannel socket) {
    try {
      socket.close();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "Closing a control connection: {0}", e.toString());
    }
  }
}
