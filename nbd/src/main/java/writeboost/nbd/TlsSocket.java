package writeboost.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/**
 * A socket with TLS on it. One thread shakes hands; then one reads and one writes, neither waiting
 * for the other. Closing the socket, which any thread may do, ends both.
 *
 * <p>Reading never writes: what TLS wants to answer (the update of a key) goes out with what is
 * written next, as TLS 1.3 allows (RFC 8446, 4.6.3). A handshake after the first one, which TLS 1.2
 * has, is refused.
 */
final class TlsSocket {

  /** Of what was received. More than the longest record. */
  private static final int RECEIVED_BYTES = 128 << 10;

  /** Of what is sent at once: seven records of full length. */
  private static final int SENT_BYTES = 128 << 10;

  private static final ByteBuffer[] NOTHING = {ByteBuffer.allocate(0)};

  private final SocketChannel socket;
  private final ReadableByteChannel input;
  private final WritableByteChannel output;
  private final SSLEngine engine;

  // The reader's. Between position and limit is what nobody has seen.
  private final ByteBuffer received = ByteBuffer.allocateDirect(RECEIVED_BYTES).limit(0);
  private ByteBuffer plain; // a record that the reader had no room for
  private boolean ended;

  // The writer's.
  private final ByteBuffer[] single = new ByteBuffer[1];
  private final ByteBuffer sent = ByteBuffer.allocateDirect(SENT_BYTES);

  /** Over {@code input} and {@code output}, which are of {@code socket}. */
  TlsSocket(
      SocketChannel socket,
      ReadableByteChannel input,
      WritableByteChannel output,
      SSLEngine engine) {
    this.socket = socket;
    this.input = input;
    this.output = output;
    this.engine = engine;
    this.plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()).limit(0);
  }

  /**
   * The first thing to be done.
   *
   * @throws SSLException if the two sides do not come to terms; the other is told why, and who
   *     calls this ends it if that takes too long
   */
  void handshake() throws IOException {
    try {
      engine.beginHandshake();
      HandshakeStatus next = engine.getHandshakeStatus();
      while (next != HandshakeStatus.NOT_HANDSHAKING) {
        switch (next) {
          case NEED_WRAP -> send(NOTHING, 0, 1, 0);
          case NEED_TASK -> engine.getDelegatedTask().run();
          default -> receiveHandshake();
        }
        next = engine.getHandshakeStatus();
      }
    } catch (SSLException e) {
      sendAlert(e);
      throw e;
    }
  }

  private void receiveHandshake() throws IOException {
    plain.clear();
    try {
      SSLEngineResult result = engine.unwrap(received, plain);
      if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
        receive();
      }
      if (ended || result.getStatus() == Status.CLOSED) {
        throw new EOFException("the other side ended the TLS handshake");
      }
    } finally {
      plain.flip();
    }
  }

  /**
   * What the engine has to say of its failure. A server then listens until the client has gone:
   * what it has not read would make the kernel tell the client of that, and not of the alert.
   */
  private void sendAlert(SSLException failure) {
    try {
      send(NOTHING, 0, 1, 0);
      if (!engine.getUseClientMode()) {
        socket.shutdownOutput();
        while (input.read(received.clear()) >= 0) {}
      }
    } catch (IOException e) { // the other side has to do without
      failure.addSuppressed(e);
    }
  }

  /**
   * As {@link Wire#read}. What came together, and has room, is read together. 0 if there is nothing
   * and the input does not wait.
   */
  int read(ByteBuffer target) throws IOException {
    int start = target.position();
    while (target.hasRemaining() && !ended) {
      if (plain.hasRemaining()) {
        takePlain(target);
        continue;
      }
      SSLEngineResult result = engine.unwrap(received, target);
      requireNoHandshake();
      switch (result.getStatus()) {
        case OK -> {}
        case CLOSED -> ended = true;
        case BUFFER_OVERFLOW -> {
          if (target.position() > start || !unwrapAside()) {
            return target.position() - start;
          }
        }
        case BUFFER_UNDERFLOW -> {
          if (target.position() > start || !receive()) {
            return target.position() - start;
          }
        }
      }
    }
    return target.position() == start && ended ? -1 : target.position() - start;
  }

  private void takePlain(ByteBuffer target) {
    int count = Math.min(plain.remaining(), target.remaining());
    target.put(target.position(), plain, plain.position(), count);
    target.position(target.position() + count);
    plain.position(plain.position() + count);
  }

  /**
   * The engine says that there is no room before it looks whether the record is there whole. False
   * if that was so, and there is no more to be had.
   */
  private boolean unwrapAside() throws IOException {
    int room = engine.getSession().getApplicationBufferSize();
    plain = plain.capacity() < room ? ByteBuffer.allocate(room) : plain.clear();
    try {
      SSLEngineResult result = engine.unwrap(received, plain);
      requireNoHandshake();
      switch (result.getStatus()) {
        case CLOSED -> ended = true;
        case BUFFER_UNDERFLOW -> {
          return receive();
        }
        default -> {}
      }
      return true;
    } finally {
      plain.flip();
    }
  }

  private void requireNoHandshake() throws SSLException {
    HandshakeStatus status = engine.getHandshakeStatus();
    if (status == HandshakeStatus.NEED_TASK || status == HandshakeStatus.NEED_UNWRAP) {
      throw new SSLException("renegotiation is refused");
    }
  }

  /** False if there was nothing, which is where the input does not wait. */
  private boolean receive() throws IOException {
    received.compact();
    try {
      int count = input.read(received);
      ended = count < 0;
      return count != 0;
    } finally {
      received.flip();
    }
  }

  /** As {@link Wire#write(ByteBuffer)}. */
  int write(ByteBuffer source) throws IOException {
    single[0] = source;
    return (int) write(single, 0, 1);
  }

  /** As {@link Wire#write(ByteBuffer[], int, int)}. */
  long write(ByteBuffer[] sources, int from, int count) throws IOException {
    long wanted = 0;
    for (int i = from; i < from + count; i++) {
      wanted += sources[i].remaining();
    }
    long written = 0;
    while (written == 0 && wanted > 0) { // what TLS itself has to say may come first
      written = send(sources, from, count, wanted);
    }
    return written;
  }

  /** Sends one record, and of {@code wanted} bytes what has room in further ones. */
  private long send(ByteBuffer[] sources, int from, int count, long wanted) throws IOException {
    sent.clear();
    long taken = 0;
    SSLEngineResult result;
    do {
      result = engine.wrap(sources, from, count, sent);
      taken += result.bytesConsumed();
    } while (taken < wanted && result.getStatus() == Status.OK && result.bytesConsumed() > 0);
    if (result.getStatus() == Status.CLOSED && sent.position() == 0) {
      throw new EOFException("the TLS session is closed");
    }
    sent.flip();
    while (sent.hasRemaining()) {
      output.write(sent);
    }
    return taken;
  }

  /** Nothing more will be written; the other side finds that it was not cut off. */
  void endOutput() throws IOException {
    engine.closeOutbound();
    if (!engine.isOutboundDone()) {
      send(NOTHING, 0, 1, 0);
    }
  }
}
