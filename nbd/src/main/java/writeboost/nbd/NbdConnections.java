package writeboost.nbd;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.device.Requests;

/**
 * An export of an NBD server over several connections, as one disk: for a server that works on each
 * connection alone, or a network that does. Any thread.
 *
 * <p>Each stripe of {@link #STRIPE_BYTES} has its connection, an {@link NbdDevice}, for good. So
 * what an NbdDevice promises of lost connections holds for every place, and so for all: no write of
 * an old connection lands after one of a new. A FLUSH goes out on every connection, and fails if it
 * fails on one of them: each knows what may be lost with it.
 *
 * <p>What is inside one stripe is handed on as it is. What is not, and every FLUSH, is taken apart,
 * which allocates.
 */
public final class NbdConnections implements BlockDevice {

  /** Long enough that few requests are taken apart, and a GiB of zeroes into few parts. */
  static final long STRIPE_BYTES = 16L << 20;

  private static final int MOST = 64;

  private final NbdDevice[] connections;

  private NbdConnections(List<NbdDevice> connections) {
    this.connections = connections.toArray(NbdDevice[]::new);
  }

  /**
   * Connects {@code count} times, 1 to 64; once only, if the server does not say that several
   * connections are safe (CAN_MULTI_CONN).
   *
   * @throws IOException as {@link NbdDevice#connect}
   */
  public static NbdConnections connect(NbdAddress address, ClientOptions options, int count)
      throws IOException {
    if (count < 1 || count > MOST) {
      throw new IllegalArgumentException("1 to " + MOST + " connections, not " + count);
    }
    List<NbdDevice> connections = new ArrayList<>();
    try {
      NbdDevice first = NbdDevice.connect(address, options);
      connections.add(first);
      for (int i = 1; i < count && first.canShare(); i++) {
        NbdDevice next = NbdDevice.connect(address, options);
        connections.add(next);
        first.requireSame(next);
      }
      return new NbdConnections(connections);
    } catch (IOException | RuntimeException e) {
      connections.forEach(NbdDevice::close);
      throw e;
    }
  }

  /** Of each connection, in no order that means anything. */
  public List<NbdDevice.State> states() {
    List<NbdDevice.State> states = new ArrayList<>();
    for (NbdDevice connection : connections) {
      states.add(connection.state());
    }
    return states;
  }

  @Override
  public long size() {
    return connections[0].size();
  }

  @Override
  public Limits limits() {
    return connections[0].limits();
  }

  @Override
  public boolean canZeroFast() {
    return connections[0].canZeroFast();
  }

  @Override
  public boolean rotational() {
    return connections[0].rotational();
  }

  private NbdDevice at(long offset) {
    return connections[(int) (offset / STRIPE_BYTES % connections.length)];
  }

  @Override
  public void describe(Extents extents) {
    at(Math.max(0, extents.offset)).describe(extents);
  }

  @Override
  public void prefetch(long offset, long length) {
    at(Math.max(0, offset)).prefetch(offset, length);
  }

  @Override
  public void submit(Request[] batch, int count) {
    long wanted = 0; // a bit for each connection
    for (int i = 0; i < count; i++) {
      Request request = batch[i];
      int error = Requests.check(request, size(), limits().readOnly());
      if (error != Errno.OK) {
        request.complete(error);
      } else if (isWhole(request)) {
        NbdDevice connection = at(request.offset);
        if (connection.hold(request)) {
          wanted |= 1L << (request.offset / STRIPE_BYTES % connections.length);
        }
      } else {
        new Whole(request).submit();
      }
    }
    for (int i = 0; i < connections.length; i++) {
      if ((wanted & 1L << i) != 0) {
        connections[i].send();
      }
    }
  }

  private boolean isWhole(Request request) {
    if (connections.length == 1) {
      return true;
    }
    long last = request.offset + Math.max(request.length, 1) - 1;
    return request.operation != Operation.FLUSH
        && request.offset / STRIPE_BYTES == last / STRIPE_BYTES;
  }

  @Override
  public void cancel(Request request) {
    if (request.deviceState instanceof Whole whole) {
      whole.cancel();
    } else {
      at(request.offset).cancel(request);
    }
  }

  @Override
  public void close() {
    for (NbdDevice connection : connections) {
      connection.close();
    }
  }

  /** A request that concerns several connections: answered when each has answered its part. */
  private final class Whole {
    private final Request request;
    private final Request[] parts;
    private final AtomicInteger unanswered;
    private final AtomicInteger error = new AtomicInteger();

    Whole(Request request) {
      this.request = request;
      boolean flush = request.operation == Operation.FLUSH;
      long first = request.offset / STRIPE_BYTES;
      long end = (request.offset + request.length + STRIPE_BYTES - 1) / STRIPE_BYTES;
      parts = new Request[flush ? connections.length : (int) (end - first)];
      unanswered = new AtomicInteger(parts.length);
      for (int i = 0; i < parts.length; i++) {
        parts[i] = flush ? flush() : part(first + i);
      }
      request.deviceState = this;
    }

    private Request flush() {
      return new Request(this::answered).set(Operation.FLUSH, request.flags, 0, 0);
    }

    private Request part(long stripe) {
      long from = Math.max(request.offset, stripe * STRIPE_BYTES);
      long to = Math.min(request.offset + request.length, (stripe + 1) * STRIPE_BYTES);
      long dataOffset = request.dataOffset + (from - request.offset);
      return new Request(this::answered)
          .set(request.operation, request.flags, from, to - from, request.data, dataOffset);
    }

    void submit() {
      boolean flush = request.operation == Operation.FLUSH;
      for (int i = 0; i < parts.length; i++) {
        NbdDevice connection = flush ? connections[i] : at(parts[i].offset);
        connection.submit(new Request[] {parts[i]}, 1);
      }
    }

    void cancel() {
      for (Request part : parts) {
        if (part.operation != Operation.FLUSH) { // of a FLUSH each connection has to know the end
          at(part.offset).cancel(part);
        }
      }
    }

    private void answered(Request part) {
      error.compareAndSet(Errno.OK, part.error);
      if (unanswered.decrementAndGet() == 0) {
        request.deviceState = null;
        request.complete(error.get());
      }
    }
  }
}
