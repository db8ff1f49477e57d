package writeboost.nbd;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import writeboost.device.BlockDevice;

/**
 * Exports {@link BlockDevice}s to NBD clients. May be called from any thread.
 *
 * <pre>
 * try (NbdServer server = NbdServer.start(device, export, ServerOptions.DEFAULTS)) {
 *   server.listen(new InetSocketAddress("localhost", 10809));
 *   ...
 * }
 * </pre>
 */
public final class NbdServer implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(NbdServer.class.getPackageName());

  private static final int BACKLOG = 128;

  /** Unix sockets have about 200 KiB otherwise; the kernel's own bound may be lower than this. */
  private static final int UNIX_SOCKET_BUFFER = 1 << 20;

  /** When the process has no file descriptor to spare, accepting again at once would only spin. */
  private static final long ACCEPT_AGAIN_NS = TimeUnit.MILLISECONDS.toNanos(100);

  /** While somebody waits for memory, those who hold it are looked at so often at least. */
  private static final long LONGEST_LOOK_NS = TimeUnit.SECONDS.toNanos(1);

  /** What connections get to notice that they are cut off. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private final Exports exports = new Exports();
  private final ServerOptions options;
  private final BufferPool pool;
  private final RequestBudget budget;
  private final ChangeOrder order = new ChangeOrder();
  private final ScheduledThreadPoolExecutor timer;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition connectionEnded = lock.newCondition();

  // Guarded by the lock.
  private final List<ServerSocketChannel> listeners = new ArrayList<>();
  private final Set<Connection> connections = new HashSet<>();
  private long accepted;

  private volatile boolean draining;

  private NbdServer(ServerOptions options) {
    this.options = options;
    this.pool =
        new BufferPool(
            options.connectionBytes(),
            options.totalBytes(),
            this::cutStalled,
            Math.min(options.stallTimeout().toNanos(), LONGEST_LOOK_NS));
    this.budget = new RequestBudget(options.totalRequests());
    this.timer =
        new ScheduledThreadPoolExecutor(
            1, task -> Thread.ofPlatform().daemon().name("nbd handshake timer").unstarted(task));
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy()); // we are closing
  }

  /** A server of nothing: see {@link #export}. */
  public static NbdServer start(ServerOptions options) {
    return new NbdServer(options);
  }

  /** A server of one device. */
  public static NbdServer start(BlockDevice device, Export export, ServerOptions options) {
    NbdServer server = new NbdServer(options);
    server.export(device, export);
    return server;
  }

  /**
   * Exports one device more, from now on and as long as the server lives. The first is what a
   * client gets that names none. The device stays the caller's, who closes it after the server.
   *
   * @throws IllegalArgumentException if there is an export of this name
   */
  public void export(BlockDevice device, Export export) {
    exports.add(new Exported(device, export));
  }

  /** Binds a TCP or Unix socket, and serves it. */
  public ServerSocketChannel listen(SocketAddress address) throws IOException {
    ServerSocketChannel listener =
        address instanceof UnixDomainSocketAddress
            ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
            : ServerSocketChannel.open();
    try {
      if (!(address instanceof UnixDomainSocketAddress)) {
        listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      }
      listener.bind(address, BACKLOG);
      listen(listener);
      return listener;
    } catch (IOException | RuntimeException e) {
      listener.close();
      throw e;
    }
  }

  /** Serves a listener that is bound already; {@link #close} closes it. */
  public void listen(ServerSocketChannel listener) {
    lock.lock();
    try {
      if (draining) {
        throw new IllegalStateException("the server is closed");
      }
      listeners.add(listener);
    } finally {
      lock.unlock();
    }
    Thread.ofPlatform().daemon().name("nbd accept").start(() -> acceptFrom(listener));
  }

  private void acceptFrom(ServerSocketChannel listener) {
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
          LOG.log(Level.WARNING, "An NBD client could not be accepted: {0}", e.toString());
          LockSupport.parkNanos(ACCEPT_AGAIN_NS);
        }
      }
    }
  }

  private void admit(SocketChannel socket) throws IOException {
    String address = prepare(socket);
    lock.lock();
    try {
      if (draining || connections.size() >= options.maxConnections()) {
        LOG.log(
            Level.WARNING,
            "NBD client {0} turned away: {1} connections",
            address,
            connections.size());
        socket.close();
        return;
      }
      ConnectionName peer = new ConnectionName(++accepted, address, Instant.now());
      Connection connection =
          new Connection(this, exports, pool, socket, peer, options, budget, order);
      connection.start();
      connections.add(connection);
    } finally {
      lock.unlock();
    }
  }

  /** Sets the socket's options; the answer names the client, for the log. */
  private static String prepare(SocketChannel socket) throws IOException {
    if (socket.getRemoteAddress() instanceof InetSocketAddress remote) {
      socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
      socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      return remote.toString();
    }
    socket.setOption(StandardSocketOptions.SO_SNDBUF, UNIX_SOCKET_BUFFER);
    socket.setOption(StandardSocketOptions.SO_RCVBUF, UNIX_SOCKET_BUFFER);
    return "unix";
  }

  /** Closes the connection unless the answer is cancelled in time. */
  Future<?> limitHandshake(Connection connection) {
    return timer.schedule(
        () -> {
          LOG.log(
              Level.WARNING, "NBD client {0} took too long to begin; closed", connection.peer());
          connection.abort();
        },
        options.handshakeTimeout().toNanos(),
        TimeUnit.NANOSECONDS);
  }

  boolean isDraining() {
    return draining;
  }

  /** What the first request of {@code newcomer} waits for. */
  Succession succession(Connection newcomer, BlockDevice device) {
    List<Connection> others = openConnections();
    others.remove(newcomer);
    return new Succession(newcomer, others, device, options.handshakeTimeout().toNanos());
  }

  /** Somebody waits for memory: those who hold it and do nothing lose it. */
  private void cutStalled() {
    long nowNs = System.nanoTime();
    long timeoutNs = options.stallTimeout().toNanos();
    openConnections().forEach(connection -> connection.abortIfStalled(nowNs, timeoutNs));
  }

  private List<Connection> openConnections() {
    lock.lock();
    try {
      return new ArrayList<>(connections);
    } finally {
      lock.unlock();
    }
  }

  /** Called by a connection when nothing of it is left. */
  void ended(Connection connection) {
    lock.lock();
    try {
      connections.remove(connection);
      connectionEnded.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Every connection that is open, or whose requests the device still holds; by their numbers. */
  public List<ClientStatus> clients() {
    return openConnections().stream()
        .map(Connection::status)
        .sorted(Comparator.comparingLong(ClientStatus::number))
        .toList();
  }

  /** Bytes of all connections together that count against {@link ServerOptions#totalBytes}. */
  long memoryInUse() {
    return pool.usedBytes();
  }

  /** Connections that are open, or whose requests the device still holds. */
  public int connections() {
    lock.lock();
    try {
      return connections.size();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Stops accepting, has all requests in flight answered (new ones get ESHUTDOWN), and closes the
   * connections. What has not ended after {@code wait} is cut off.
   *
   * @return whether the device has answered everything; if not, it still holds requests and must
   *     not be closed
   */
  public boolean close(Duration wait) {
    long deadline = System.nanoTime() + wait.toNanos();
    List<Connection> open = stopAccepting();
    boolean ended = false;
    try {
      for (Connection connection : open) {
        if (connection.awaitDevice(deadline - System.nanoTime())) {
          connection.endInput();
        }
      }
      ended = awaitConnections(deadline);
    } catch (InterruptedException e) { // the caller's haste: no further waiting
      Thread.currentThread().interrupt();
    }
    open.forEach(Connection::abort);
    timer.shutdown();
    return ended || awaitGrace();
  }

  private List<Connection> stopAccepting() {
    lock.lock();
    try {
      draining = true;
      for (ServerSocketChannel listener : listeners) {
        try {
          listener.close();
        } catch (IOException e) {
          LOG.log(Level.DEBUG, "Closing a listener: {0}", e.toString());
        }
      }
      return List.copyOf(connections);
    } finally {
      lock.unlock();
    }
  }

  private boolean awaitGrace() {
    try {
      return awaitConnections(System.nanoTime() + GRACE.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return connections() == 0;
    }
  }

  private boolean awaitConnections(long deadline) throws InterruptedException {
    lock.lock();
    try {
      long left = deadline - System.nanoTime();
      while (!connections.isEmpty() && left > 0) {
        left = connectionEnded.awaitNanos(left);
      }
      return connections.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** As {@link #close(Duration)} with ten seconds. */
  @Override
  public void close() {
    close(Duration.ofSeconds(10));
  }
}
