package writeboost.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;

/**
 * The commands of one connection: free, in the device, or completed and queued to be answered.
 *
 * <p>Completions come on any thread; they queue the reply and never touch the socket, so that no
 * client can hold up a device. One thread at a time writes, everything that is queued in one call:
 * the connection's own, for what completed inside its {@code submit}; the writer thread for the
 * rest. If one is writing already, it goes on with what was queued meanwhile.
 */
final class Outbound {

  /** A power of two. No more commands of one connection are worked on at once. */
  static final int MAX_COMMANDS = 1024;

  private static final int MAX_VECTORS = 512;

  private final SocketChannel socket;
  private final Thread owner;
  private final Runnable whenBroken;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition(); // for the writer thread
  private final Condition progress = lock.newCondition(); // for everybody else

  // Guarded by the lock: commands. Each is in `free`, in the device, in the queue, or being parsed.
  private final Command[] all = new Command[MAX_COMMANDS];
  private int allCount;
  private final Command[] free = new Command[MAX_COMMANDS];
  private int freeCount;
  private int inDevice;

  // Guarded by the lock: the queue. Reply n is in slot n % MAX_COMMANDS, which cannot overflow.
  private final @Nullable Command[] queue = new Command[MAX_COMMANDS];
  private final ByteBuffer headers = ByteBuffer.allocateDirect(MAX_COMMANDS * Protocol.REPLY_BYTES);
  private long head;
  private long tail;
  private boolean writing;
  private boolean broken;
  private boolean ended;

  // Used by whoever set `writing`.
  private final ByteBuffer[] vectors = new ByteBuffer[MAX_VECTORS];
  private final ByteBuffer[] headerViews = new ByteBuffer[MAX_VECTORS];
  private boolean endsInHeader;

  /**
   * @param owner the connection's thread
   * @param whenBroken called at most once or twice, on any thread, when a write has failed
   */
  Outbound(SocketChannel socket, Thread owner, Runnable whenBroken) {
    this.socket = socket;
    this.owner = owner;
    this.whenBroken = whenBroken;
    for (int i = 0; i < MAX_VECTORS; i++) {
      headerViews[i] = headers.duplicate();
    }
  }

  // Commands: the connection's thread.

  /** Null if all are in use. */
  @Nullable Command tryTake() {
    lock.lock();
    try {
      if (freeCount > 0) {
        return free[--freeCount];
      }
      if (allCount == MAX_COMMANDS) {
        return null;
      }
      Command command = new Command(this);
      all[allCount++] = command;
      return command;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until {@link #tryTake} has one; false if the connection broke. */
  boolean awaitFree() {
    lock.lock();
    try {
      while (freeCount == 0 && allCount == MAX_COMMANDS && !broken) {
        progress.awaitUninterruptibly();
      }
      return !broken;
    } finally {
      lock.unlock();
    }
  }

  /** To be called before the commands of a batch are submitted. */
  void submitting(Command[] batch, int count) {
    lock.lock();
    try {
      for (int i = 0; i < count; i++) {
        batch[i].inDevice = true;
      }
      inDevice += count;
    } finally {
      lock.unlock();
    }
  }

  /** Answers a command that the device has not seen. */
  void answer(Command command, int error) {
    command.request.error = error;
    lock.lock();
    try {
      enqueue(command);
    } finally {
      lock.unlock();
    }
  }

  // Completion: any thread.

  void completed(Command command) {
    if (command.replyPayload() == 0) {
      command.releaseSlab();
    }
    lock.lock();
    try {
      command.inDevice = false;
      inDevice--;
      enqueue(command);
      if (inDevice == 0) {
        progress.signalAll();
      }
      if (!writing && !Thread.currentThread().equals(owner)) {
        work.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  private void enqueue(Command command) {
    if (broken) {
      recycle(command);
      return;
    }
    int slot = (int) tail & (MAX_COMMANDS - 1);
    int at = slot * Protocol.REPLY_BYTES;
    headers.putInt(at, Protocol.SIMPLE_REPLY_MAGIC);
    headers.putInt(at + Protocol.REPLY_ERROR_AT, onTheWire(command.request.error));
    headers.putLong(at + Protocol.REPLY_COOKIE_AT, command.cookie);
    queue[slot] = command;
    tail++;
  }

  private void recycle(Command command) {
    command.releaseSlab();
    if (freeCount == 0) {
      progress.signalAll();
    }
    free[freeCount++] = command;
  }

  /** The specification's errors are a few of Linux's. */
  private static int onTheWire(int error) {
    return switch (error) {
      case Errno.OK,
          Errno.EPERM,
          Errno.EIO,
          Errno.ENOMEM,
          Errno.EINVAL,
          Errno.ENOSPC,
          Errno.ESHUTDOWN ->
          error;
      case Errno.ENOTSUP -> Errno.EINVAL; // has a meaning of its own that we do not advertise
      default -> Errno.EIO;
    };
  }

  // Writing: the connection's thread and the writer thread.

  /** Writes what is queued, unless another thread is about it. */
  void drain() {
    lock.lock();
    try {
      if (writing) {
        return;
      }
      writing = true;
      while (head < tail && !broken) {
        long to = head;
        int count = 0;
        while (to < tail && count + 2 <= MAX_VECTORS) {
          count = gather((int) to & (MAX_COMMANDS - 1), count, to == head);
          to++;
        }
        lock.unlock();
        boolean written = write(count);
        lock.lock();
        if (!written) {
          broken = true;
        }
        while (head < to) {
          dequeue();
        }
      }
      writing = false;
      if (broken) {
        drop();
      }
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Adds the reply in {@code slot} to the vectors: neighbouring headers become one. */
  private int gather(int slot, int count, boolean first) {
    int at = slot * Protocol.REPLY_BYTES;
    Command command = queued(slot);
    int vector = count;
    if (endsInHeader && !first && slot > 0) {
      vectors[vector - 1].limit(at + Protocol.REPLY_BYTES);
    } else {
      headerViews[vector].limit(at + Protocol.REPLY_BYTES).position(at);
      vectors[vector] = headerViews[vector];
      vector++;
    }
    int payload = command.replyPayload();
    endsInHeader = payload == 0 || command.slab == null;
    if (payload > 0 && command.slab != null) {
      vectors[vector++] = command.slab.view(command.payloadAt, command.payloadAt + payload);
    }
    return vector;
  }

  private boolean write(int count) {
    try {
      if (count == 1) {
        while (vectors[0].hasRemaining()) {
          socket.write(vectors[0]);
        }
        return true;
      }
      int done = 0;
      while (done < count) {
        socket.write(vectors, done, count - done);
        while (done < count && !vectors[done].hasRemaining()) {
          done++;
        }
      }
      return true;
    } catch (IOException e) { // the client is gone
      whenBroken.run();
      return false;
    }
  }

  private Command queued(int slot) {
    Command command = queue[slot];
    if (command == null) {
      throw new IllegalStateException("no reply in slot " + slot);
    }
    return command;
  }

  private void dequeue() {
    int slot = (int) head & (MAX_COMMANDS - 1);
    Command command = queued(slot);
    queue[slot] = null;
    head++;
    recycle(command);
  }

  private void drop() {
    while (head < tail) {
      dequeue();
    }
  }

  /** The writer thread: writes what completed elsewhere, until {@link #end}. */
  void writeUntilEnd() {
    while (awaitWork()) {
      drain();
    }
  }

  private boolean awaitWork() {
    lock.lock();
    try {
      while (!ended && (writing || head == tail)) {
        work.awaitUninterruptibly();
      }
      return !ended;
    } finally {
      lock.unlock();
    }
  }

  // The end.

  /** No reply will be written any more; commands in the device go on until they complete. */
  void breakOff() {
    lock.lock();
    try {
      broken = true;
      if (!writing) { // else whoever writes does it
        drop();
      }
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Asks the device to let go of what it can. To be called when nothing is submitted any more. */
  void cancel(BlockDevice device) {
    for (int i = 0; i < allCount; i++) { // only this thread adds any
      if (isInDevice(all[i])) {
        device.cancel(all[i].request);
      }
    }
  }

  private boolean isInDevice(Command command) {
    lock.lock();
    try {
      return command.inDevice;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the device has answered everything; false if that takes longer. */
  boolean awaitDevice(long nanos) throws InterruptedException {
    lock.lock();
    try {
      long left = nanos;
      while (inDevice > 0 && left > 0) {
        left = progress.awaitNanos(left);
      }
      return inDevice == 0;
    } finally {
      lock.unlock();
    }
  }

  /** The memory of commands that were received but not submitted when the connection broke. */
  void releaseAll() {
    for (int i = 0; i < allCount; i++) {
      all[i].releaseSlab();
    }
  }

  /** Waits until everything is answered and written, or dropped because the connection broke. */
  void awaitIdle() {
    lock.lock();
    try {
      while (inDevice > 0 || head < tail || writing) {
        progress.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends the writer thread. */
  void end() {
    lock.lock();
    try {
      ended = true;
      work.signal();
    } finally {
      lock.unlock();
    }
  }
}
