package writeboost.nbd;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.ProtocolException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;

/**
 * One client, from accept to the last answer of the device. {@link #run} is its thread; the other
 * methods may be called by any.
 */
final class Connection implements Runnable {

  private static final System.Logger LOG = System.getLogger(Connection.class.getPackageName());

  /** A client that takes nothing for so long is slow, rather than gone. */
  private static final long LOOK_NS = TimeUnit.SECONDS.toNanos(1);

  private final NbdServer server;
  private final Exports exports;
  private final Intake intake = new Intake();
  private final SocketInput input;
  private final Wire wire;
  private final ConnectionName peer;
  private final BufferPool.Share share;
  private final ChangeOrder.Member order;
  private final Thread thread;
  private final Thread writer;
  private final Outbound outbound;
  private final Latencies latencies;
  private final @Nullable Tls tls;
  private final ClientTurn turn = new ClientTurn();

  private volatile ClientStatus.Phase phase = ClientStatus.Phase.HANDSHAKE;

  /** From the end of the handshake on. */
  private volatile @Nullable Negotiated negotiated;

  /**
   * Its first request waits, and nothing more can be read that would show its client to be there.
   */
  private volatile boolean deaf;

  Connection(
      NbdServer server,
      Exports exports,
      BufferPool pool,
      SocketChannel socket,
      ConnectionName peer,
      ServerOptions options,
      RequestBudget budget,
      ChangeOrder changes)
      throws IOException {
    this.server = server;
    this.exports = exports;
    socket.configureBlocking(false);
    this.input = new SocketInput(socket, intake, new Polling(options.poll().toNanos()));
    this.wire = new Wire(socket, input, new SocketOutput(socket));
    this.peer = peer;
    this.latencies = options.latencies();
    this.tls = options.tls();
    this.share = pool.share();
    this.thread = Thread.ofPlatform().daemon().name("nbd " + peer).unstarted(this);
    this.outbound = new Outbound(wire, thread, this::abort, latencies, turn, budget);
    this.writer =
        Thread.ofPlatform().daemon().name("nbd writer " + peer).unstarted(outbound::writeUntilEnd);
    this.order = changes.join();
  }

  void start() {
    boolean started = false;
    try {
      thread.start();
      started = true;
    } finally {
      if (!started) { // there is no memory for a thread
        order.leave();
        abort();
      }
    }
  }

  @Override
  public void run() {
    try {
      serve();
    } catch (ProtocolException e) {
      LOG.log(Level.WARNING, "NBD client {0} sent {1}; closed", peer, e.getMessage());
    } catch (SSLException e) {
      LOG.log(
          Level.WARNING, "NBD client {0}: TLS failed ({1}); closed", peer, TlsFailure.describe(e));
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "NBD client {0} is gone: {1}", peer, e.toString());
    } catch (RuntimeException | Error e) {
      failed(e);
    } finally {
      abort();
      intake.end();
      order.leave();
      server.ended(this);
    }
  }

  private void submitFailed(Throwable e) {
    failed(e);
    abort();
  }

  private void failed(Throwable e) {
    LOG.log(Level.ERROR, "NBD connection of " + peer + " failed", e);
  }

  private void serve() throws IOException {
    Input received = new Input(wire, input, share);
    try {
      order.begin();
      Negotiated agreed = negotiate(received);
      if (agreed == null) {
        wire.endOutput();
      } else {
        negotiated = agreed;
        phase = ClientStatus.Phase.SERVING;
        if (received.await(1)) {
          begin(received, agreed);
        } else if (server.isDraining()) {
          wire.endOutput();
        }
      }
    } finally {
      received.release();
    }
  }

  private @Nullable Negotiated negotiate(Input received) throws IOException {
    Future<?> timeout = server.limitHandshake(this);
    try {
      return new Handshake(wire, received, exports, tls, server::isDraining).negotiate();
    } finally {
      timeout.cancel(false);
    }
  }

  /** Its first request is there: not before is it known who is gone by then. */
  private void begin(Input received, Negotiated agreed) throws IOException {
    phase = ClientStatus.Phase.WAITING;
    BlockDevice device = agreed.exported().device();
    if (server.succession(this, device).await(() -> look(received))) {
      deaf = false;
      transmit(received, agreed);
    }
  }

  /**
   * Looks at what the client sends, while its first request waits: others, whose first requests
   * wait too, ask whether it is there. It is if there is nothing more to read yet; at the end of
   * the stream, or where there is no room to read, nobody knows.
   */
  private void look(Input received) throws IOException {
    deaf = received.look(Integer.MAX_VALUE) < 0;
  }

  private void transmit(Input received, Negotiated agreed) throws IOException {
    BlockDevice device = agreed.exported().device();
    if (agreed.structured()) {
      outbound.useChunks();
    }
    boolean timed = !latencies.equals(Latencies.NONE);
    Backlog backlog = new Backlog("nbd backlog " + peer, device, order, this::submitFailed);
    Batch batch = new Batch(device, received, outbound, backlog, order);
    Transmission transmission =
        new Transmission(
            agreed, share, received, batch, outbound, server::isDraining, timed, turn, backlog);
    phase = ClientStatus.Phase.SERVING;
    writer.start();
    try {
      boolean orderly = transmission.serve();
      phase = ClientStatus.Phase.ENDING;
      if (orderly) {
        outbound.awaitIdle();
        wire.endOutput();
      }
    } catch (RuntimeException | Error e) {
      failed(e); // here, because what is in the device may take its time
    } finally {
      phase = ClientStatus.Phase.ENDING;
      intake.end();
      abort();
      outbound.breakOff();
      backlog.end();
      outbound.cancel(device);
      outbound.awaitIdle();
      outbound.end();
      outbound.releaseAll();
      transmission.releaseReplies();
    }
  }

  /** Cuts the client off. What is in the device runs to its end. */
  void abort() {
    share.close();
    try {
      wire.close();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "Closing the connection of {0}: {1}", peer, e.toString());
    }
  }

  /** Waits until the device has answered everything; false if that takes longer. */
  boolean awaitDevice(long nanos) throws InterruptedException {
    return outbound.awaitDevice(nanos);
  }

  /** Asks the client's side whether it has gone: see {@link #awaitChangesIfGone}. */
  long ask() {
    long question = intake.ask();
    input.wake();
    return question;
  }

  /** From now on, if the client keeps us waiting, it is known for how long. */
  void watchTurn() {
    boolean ignored = turn.isStalled(System.nanoTime(), LOOK_NS);
  }

  /**
   * Whether this connection is to another device than {@code of}; or its client had not closed it
   * at the time of the question; or else all changes that the client had sent are carried out.
   * False if none of this is known in time.
   */
  boolean awaitChangesIfGone(BlockDevice of, long question, long nanos)
      throws InterruptedException {
    long deadline = System.nanoTime() + nanos;
    if (isTo(of) && !awaitIntake(question, deadline)) {
      return false;
    }
    return phase != ClientStatus.Phase.ENDING
        || !isTo(of)
        || outbound.awaitChanges(deadline - System.nanoTime());
  }

  /** Whether it is one to {@code device}, as far as is known. */
  private boolean isTo(BlockDevice device) {
    Negotiated agreed = negotiated;
    return agreed == null || agreed.exported().device().equals(device);
  }

  private boolean awaitIntake(long question, long deadline) throws InterruptedException {
    long left = 0;
    while (!intake.await(question, Math.min(left, LOOK_NS))) {
      // Whoever lets us wait for room has not closed: writing to a closed connection fails.
      if (turn.isStalled(System.nanoTime(), LOOK_NS)) {
        return true;
      }
      left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
    }
    return true;
  }

  /** No further requests: the connection ends when what it has read is answered. */
  void endInput() {
    try {
      wire.endInput();
    } catch (IOException e) { // it is closed already
      LOG.log(Level.DEBUG, "Ending the input of {0}: {1}", peer, e.toString());
    }
  }

  /**
   * Whether {@code newcomer}, which has waited for so long, need not wait for what was sent here.
   * Of two that wait with their first requests, and neither of which can be asked whether its
   * client is there, the one that connected first comes first; and neither holds up a row of others
   * behind it for long.
   */
  boolean isBehind(Connection newcomer, long waitedNs) {
    boolean later = peer.number() > newcomer.peer.number();
    return deaf && newcomer.deaf && (later || waitedNs > LOOK_NS);
  }

  ConnectionName peer() {
    return peer;
  }

  /**
   * Cuts the client off if it has made no use of its turn for {@code timeoutNs}, and holds memory
   * that others could have.
   */
  void abortIfStalled(long nowNs, long timeoutNs) {
    if (turn.isStalled(nowNs, timeoutNs) && share.heldBytes() > BufferPool.GUARANTEED) {
      LOG.log(
          Level.WARNING,
          "NBD client {0} neither sends nor takes anything, and others wait for the memory that it"
              + " holds; closed",
          peer);
      abort();
    }
  }

  ClientStatus status() {
    Negotiated agreed = negotiated;
    String export = agreed == null ? "" : Printable.of(agreed.exported().export().name());
    return outbound.status(peer, export, phase, share.heldBytes());
  }
}
