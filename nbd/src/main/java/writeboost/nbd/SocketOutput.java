package writeboost.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a client is sent, over a socket that does not block because of its {@link SocketInput}. One
 * thread at a time writes, and waits for room. Any thread may close.
 */
final class SocketOutput implements GatheringByteChannel {

  private static final Consumer<SelectionKey> NOTHING = key -> {};

  private final SocketChannel socket;

  /** Few clients ever make us wait. */
  private volatile @Nullable Selector selector;

  SocketOutput(SocketChannel socket) {
    this.socket = socket;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int written = socket.write(source);
    while (written == 0 && source.hasRemaining()) {
      await();
      written = socket.write(source);
    }
    return written;
  }

  @Override
  public long write(ByteBuffer[] sources) throws IOException {
    return write(sources, 0, sources.length);
  }

  /** Writes at least one byte; there is one. */
  @Override
  public long write(ByteBuffer[] sources, int from, int count) throws IOException {
    long written = socket.write(sources, from, count);
    while (written == 0) {
      await();
      written = socket.write(sources, from, count);
    }
    return written;
  }

  private void await() throws IOException {
    try {
      Selector present = selector;
      if (present == null) {
        present = Selector.open();
        selector = present;
        socket.register(present, SelectionKey.OP_WRITE);
      }
      if (!socket.isOpen()) { // who closed it may not have seen the selector
        throw new AsynchronousCloseException();
      }
      present.select(NOTHING);
    } catch (ClosedSelectorException e) {
      throw new AsynchronousCloseException();
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  @Override
  public boolean isOpen() {
    return socket.isOpen();
  }

  /** Wakes the writer. To be called when the socket is closed. */
  @Override
  public void close() throws IOException {
    Selector present = selector;
    if (present != null) {
      present.close();
    }
  }
}
