package writeboost.nbd;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.device.Requests;

/**
 * An export of an NBD server, as a disk. Any thread. Requests go out on one connection (for several
 * see {@link NbdConnections}), many in flight; when it is lost, the device connects again by
 * itself, for ever, until {@link #close}.
 *
 * <p>What a lost connection means, because nobody knows what the server still has:
 *
 * <ul>
 *   <li><b>It is a failed flush.</b> If changes had been acknowledged since the last good FLUSH,
 *       the next FLUSH fails with {@link Errno#ENOTCONN}, once, even on a new connection that
 *       works: its owner has to write again whatever came after its last good FLUSH. A FLUSH that
 *       fails with the connection, or because there is none, has told that too.
 *   <li>Writes, zeroes, trims and flushes that are in flight, or come while there is no connection,
 *       fail with ENOTCONN: not a word about the place that they were for.
 *   <li>READs wait, and are sent again. After {@link ClientOptions#readTimeout} without a
 *       connection they fail with EIO until there is one.
 *   <li><b>No write of an old connection lands after one of a new.</b> Silence never counts as a
 *       loss: a request that was sent is waited for, however long a frozen server takes. A server
 *       whose end of the connection is closed has either ended, or is taken to have done with it.
 *       If the connection ended in another way (the kernel gave up, or the server broke the
 *       protocol) while changes were in flight, the next one takes no changes for {@link
 *       ClientOptions#quarantine}. The limits of this: a server that holds on to a request for
 *       longer than that, and a proxy or a server that closes a connection while it still works for
 *       it.
 *   <li>The server must come back as it was: size, name, what can be done. Otherwise the device
 *       stays without a connection, says why ({@link #state}), and tries again.
 * </ul>
 */
public final class NbdDevice implements BlockDevice {

  /**
   * For people.
   *
   * @param trouble why requests wait or fail; empty if they do not
   * @param since when the connection was made or lost
   */
  public record State(boolean connected, String trouble, Instant since) {}

  private static final System.Logger LOG = System.getLogger(NbdDevice.class.getPackageName());

  private static final long FIRST_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long LONGEST_PAUSE_NS = TimeUnit.SECONDS.toNanos(10);

  private final NbdAddress address;
  private final ClientOptions options;
  private final @Nullable Tls tls;
  private final Traffic traffic;
  private final ScheduledThreadPoolExecutor timer;
  private final RemoteExport export;
  private final Limits limits;
  private final Asides asides;
  private final Thread thread;
  private final Thread sender;

  /** Of the connection, or of the attempt at one. */
  private volatile @Nullable Wire wire;

  private volatile State state;

  /**
   * Connects.
   *
   * @throws IOException if that does not succeed, or the export cannot be used as it is; the
   *     message is one line: what, which device, what to do
   */
  public static NbdDevice connect(NbdAddress address, ClientOptions options) throws IOException {
    try {
      return new NbdDevice(address, options);
    } catch (IOException e) {
      throw new IOException(address + ": " + e.getMessage(), e);
    }
  }

  private NbdDevice(NbdAddress address, ClientOptions options) throws IOException {
    this.address = address;
    this.options = options;
    this.tls = address.wantsTls() && options.tls() == null ? Tls.client() : options.tls();
    this.traffic = new Traffic(options);
    this.timer =
        new ScheduledThreadPoolExecutor(
            1, task -> Thread.ofPlatform().daemon().name("nbd client timer").unstarted(task));
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    Link link;
    try {
      link = attempt(null);
    } catch (IOException | RuntimeException e) {
      timer.shutdown();
      throw e;
    }
    export = link.export;
    limits =
        new Limits(
            options.readOnly(),
            export.alignment(),
            Math.clamp(export.preferredBlock(), Protocol.PREFERRED_BLOCK, Protocol.MAX_PAYLOAD),
            !options.readOnly(),
            !options.readOnly() && export.canTrim());
    asides = new Asides(traffic, export);
    state = new State(true, "", Instant.now());
    traffic.connected(link);
    thread = Thread.ofPlatform().daemon().name("nbd " + address.name()).start(() -> run(link));
    sender =
        Thread.ofPlatform()
            .daemon()
            .name("nbd sender " + address.name())
            .start(() -> Sender.run(traffic));
  }

  // as a device

  @Override
  public long size() {
    return export.size();
  }

  @Override
  public Limits limits() {
    return limits;
  }

  /** Asks the server, if it knows BLOCK_STATUS; without an answer, all is data. */
  @Override
  public void describe(Extents extents) {
    asides.describe(extents);
  }

  /** Asks the server, if it knows CACHE, for one request's worth of it. */
  @Override
  public void prefetch(long offset, long length) {
    asides.prefetch(offset, length);
  }

  @Override
  public boolean canZeroFast() {
    return !options.readOnly() && export.canZeroFast();
  }

  @Override
  public boolean rotational() {
    return export.isRotational();
  }

  @Override
  public void submit(Request[] batch, int count) {
    boolean held = false;
    for (int i = 0; i < count; i++) {
      held |= hold(batch[i]);
    }
    if (held) {
      send();
    }
  }

  /** As {@link #submit} of one. If the answer is true, it waits for a {@link #send}. */
  boolean hold(Request request) {
    int answer = check(request);
    if (answer == Traffic.HELD) {
      answer = traffic.admit(request);
    }
    if (answer != Traffic.HELD) {
      Traffic.complete(request, answer);
    }
    return answer == Traffic.HELD;
  }

  void send() {
    traffic.wakeSender();
  }

  /** Whether the server says that several connections see, and flush, the same. */
  boolean canShare() {
    return export.canMultiConnect();
  }

  /** That {@code other} is a connection to the same export. */
  void requireSame(NbdDevice other) throws IOException {
    other.export.requireSame(export, options);
  }

  private int check(Request request) {
    int error = Requests.check(request, size(), options.readOnly());
    if (error != Errno.OK) {
      return error;
    }
    if (request.operation == Operation.FLUSH) {
      return Traffic.HELD;
    }
    if (((request.offset | request.length) & (limits.alignment() - 1)) != 0) {
      return Errno.EINVAL;
    }
    return request.length == 0 ? Errno.OK : Traffic.HELD;
  }

  @Override
  public void cancel(Request request) {
    if (traffic.remove(request)) {
      Traffic.complete(request, Errno.ECANCELED);
    }
  }

  /** Whether there is a connection; if not, why, and since when. */
  public State state() {
    State now = state;
    long seconds = traffic.quarantineSeconds();
    return now.connected() && seconds > 0
        ? new State(
            true,
            "takes no writes for another "
                + seconds
                + " s: the lost connection may still have some under way",
            now.since())
        : now;
  }

  /**
   * What is in flight is answered {@link Errno#ESHUTDOWN}; whether it was carried out is not known.
   * Not from a completion.
   */
  @Override
  public void close() {
    boolean idle = traffic.close();
    Wire open = wire;
    if (open != null) {
      try (open) {
        if (idle) {
          Link.sayGoodBye(open);
        }
      } catch (IOException e) {
        LOG.log(Level.DEBUG, "Closing the connection to {0}: {1}", address, e.toString());
      }
    }
    timer.shutdown();
    LockSupport.unpark(thread);
    join(thread);
    join(sender);
  }

  private static void join(Thread ending) {
    boolean interrupted = false;
    while (ending.isAlive()) {
      try {
        ending.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // the device's thread

  private void run(Link first) {
    try (Arena arena = Arena.ofConfined()) {
      Receiver receiver = new Receiver(traffic, arena);
      Link link = first;
      while (link != null) {
        Link.Loss loss = receive(receiver, link);
        long outage = traffic.lost(loss.byServer());
        link = traffic.isClosed() ? null : reconnect(loss.reason(), outage);
      }
    }
    traffic.end();
  }

  private Link.Loss receive(Receiver receiver, Link link) {
    Link.Loss loss;
    try {
      loss = link.loss(receiver.receive(link));
    } catch (RuntimeException | Error e) {
      LOG.log(Level.ERROR, address + ": the connection failed", e);
      loss = new Link.Loss(e.toString(), false);
    }
    link.abandon();
    return loss;
  }

  /** Null if the device was closed first. */
  private @Nullable Link reconnect(String reason, long outage) {
    LOG.log(Level.WARNING, "{0}: connection lost ({1}); connecting again", address, reason);
    state = new State(false, "not connected: " + reason, Instant.now());
    Future<?> limit = failReadsLater(outage);
    try {
      return connectAgain();
    } finally {
      if (limit != null) {
        limit.cancel(false);
      }
    }
  }

  private @Nullable Future<?> failReadsLater(long outage) {
    long delay = options.readTimeout().toNanos();
    return later(() -> traffic.failReads(outage), delay);
  }

  private @Nullable Link connectAgain() {
    long pauseNs = FIRST_PAUSE_NS;
    while (pause(pauseNs)) {
      pauseNs = Math.min(2 * pauseNs, LONGEST_PAUSE_NS);
      try {
        Link link = attempt(export);
        if (!traffic.connected(link)) {
          link.abandon();
          return null;
        }
        Duration gone = Duration.between(state.since(), Instant.now());
        LOG.log(Level.INFO, "{0}: connected again after {1} s", address, gone.toSeconds());
        state = new State(true, "", Instant.now());
        return link;
      } catch (IOException | RuntimeException e) {
        failed(String.valueOf(e.getMessage()));
      }
    }
    return null;
  }

  private void failed(String reason) {
    String trouble = "not connected: " + reason;
    if (!trouble.equals(state.trouble())) {
      LOG.log(Level.WARNING, "{0}: {1}", address, trouble);
      state = new State(false, trouble, state.since());
    }
  }

  /** False if the device was closed. */
  private boolean pause(long ns) {
    long end = System.nanoTime() + ns;
    long left = ns;
    while (left > 0 && !traffic.isClosed()) {
      LockSupport.parkNanos(left);
      left = end - System.nanoTime();
    }
    return !traffic.isClosed();
  }

  /**
   * @param first what the export has to be still; null if there was none
   */
  private Link attempt(@Nullable RemoteExport first) throws IOException {
    Wire attempted = new Wire(address.open());
    wire = attempted;
    Future<?> limit = later(() -> close(attempted), options.connectTimeout().toNanos());
    boolean usable = false;
    try {
      if (traffic.isClosed()) {
        throw new ClosedChannelException();
      }
      Link link = Link.establish(attempted, address, tls);
      if (first == null) {
        link.export.requireUsable(options);
      } else {
        link.export.requireSame(first, options);
      }
      usable = true;
      return link;
    } catch (AsynchronousCloseException e) {
      throw new IOException(
          "does not answer within %d s; is the server well?"
              .formatted(options.connectTimeout().toSeconds()),
          e);
    } finally {
      if (limit != null) {
        limit.cancel(false);
      }
      if (!usable) {
        close(attempted);
      }
    }
  }

  /** Null if the device is closed already. */
  private @Nullable Future<?> later(Runnable task, long delayNs) {
    try {
      return timer.schedule(task, delayNs, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      return null;
    }
  }

  private static void close(Wire channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "Closing a socket: {0}", e.toString());
    }
  }
}
