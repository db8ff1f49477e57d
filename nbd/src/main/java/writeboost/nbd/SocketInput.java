package writeboost.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;

/**
 * What a client sends. One thread reads, and waits for the first byte; it can be asked meanwhile
 * (see {@link Intake}), for which a socket that blocks is of no use. Any thread may close.
 */
final class SocketInput implements ReadableByteChannel {

  private static final Consumer<SelectionKey> NOTHING = key -> {};

  private final SocketChannel socket;
  private final Intake intake;
  private final Polling polling;
  private final Selector selector;

  /** The last read left nothing behind. */
  private boolean emptied;

  /** A read takes what is there now, which may be nothing. */
  private boolean looks;

  /**
   * @param socket does not block
   */
  SocketInput(SocketChannel socket, Intake intake, Polling polling) throws IOException {
    this.socket = socket;
    this.intake = intake;
    this.polling = polling;
    this.selector = Selector.open();
    try {
      socket.register(selector, SelectionKey.OP_READ);
    } catch (IOException e) {
      selector.close();
      throw e;
    }
  }

  /** From now on a read waits for the first byte, or it does not. Only the reader's thread. */
  void setWaits(boolean waits) {
    looks = !waits;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (looks) {
      return look(target);
    }
    int count = waits() && polling.isWorthIt() ? poll(target) : 0;
    while (count == 0) {
      if (waits()) {
        await();
      }
      count = look(target);
    }
    return count;
  }

  /** What is there now, if anything; answers for the client. */
  private int look(ByteBuffer target) throws IOException {
    intake.looking();
    int count = readOnce(target);
    if (count == 0 && target.hasRemaining()) {
      intake.foundNothing();
    } else if (count > 0) {
      intake.found(count);
    }
    return count;
  }

  /** Nothing is there, as far as is known, and nobody asks. */
  private boolean waits() {
    return emptied && !intake.isAsked();
  }

  private int readOnce(ByteBuffer target) throws IOException {
    int count = socket.read(target);
    emptied = count >= 0 && target.hasRemaining();
    return count;
  }

  /** What came soon; 0 if nothing did. Whoever else wants this processor gets it. */
  @SuppressWarnings("ThreadPriorityCheck") // correct without yield; the client may need this CPU
  private int poll(ByteBuffer target) throws IOException {
    long beginNs = System.nanoTime();
    while (waits() && System.nanoTime() - beginNs < polling.ns()) {
      int count = readOnce(target);
      if (count != 0) {
        polling.found();
        return count;
      }
      Thread.yield();
    }
    polling.foundNothing();
    return 0;
  }

  private void await() throws IOException {
    try {
      selector.select(NOTHING);
    } catch (ClosedSelectorException e) {
      throw new AsynchronousCloseException();
    }
  }

  /** The reader looks once more whether there is something. */
  void wake() {
    selector.wakeup();
  }

  @Override
  public boolean isOpen() {
    return selector.isOpen();
  }

  /** Wakes the reader. The socket is closed apart from this. */
  @Override
  public void close() throws IOException {
    selector.close();
  }
}
