package writeboost.nbd;

import java.io.IOException;
import java.util.List;
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
  static final int MAX_COMMANDS = ServerOptions.CONNECTION_REQUESTS;

  /** BLOCK_STATUS of one connection that are worked on at once: each has memory for its extents. */
  private static final int MAX_QUERIES = 8;

  private final Wire wire;
  private final Thread owner;
  private final Runnable whenBroken;
  private final Latencies latencies;
  private final ClientTurn turn;
  private final RequestBudget budget;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition(); // for the writer thread
  private final Condition progress = lock.newCondition(); // for everybody else

  // Guarded by the lock: commands. Each is in `free`, in the device, in the queue, or being parsed.
  private final Command[] all = new Command[MAX_COMMANDS];
  private int allCount;
  private final Command[] free = new Command[MAX_COMMANDS];
  private int freeCount;
  private int inDevice;
  private int changesInDevice; // of them

  // Guarded by the lock: what has been answered.
  private long answered;
  private long failed;

  // Guarded by the lock: queries, as the commands.
  private final StatusQuery[] freeQueries = new StatusQuery[MAX_QUERIES];
  private int freeQueryCount;
  private int queryCount;

  // Guarded by the lock: the queue. Reply n is in slot n % MAX_COMMANDS, which cannot overflow.
  private final @Nullable Command[] queue = new Command[MAX_COMMANDS];
  private final Replies replies = new Replies();
  private long head;
  private long tail;
  private boolean writing;
  private boolean broken;
  private boolean ended;

  /**
   * @param owner the connection's thread
   * @param whenBroken called when a write has failed, on the thread that wrote
   * @param latencies told of what has been answered
   * @param turn told of the waiting for room
   */
  Outbound(
      Wire wire,
      Thread owner,
      Runnable whenBroken,
      Latencies latencies,
      ClientTurn turn,
      RequestBudget budget) {
    this.turn = turn;
    this.budget = budget;
    this.wire = wire;
    this.owner = owner;
    this.whenBroken = whenBroken;
    this.latencies = latencies;
  }

  // Commands: the connection's thread.

  /** Null if all are in use. */
  @Nullable Command tryTake() {
    lock.lock();
    try {
      if (freeCount > 0) {
        return free[--freeCount];
      }
      if (allCount == MAX_COMMANDS || !budget.tryTake(allCount)) {
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
      while (freeCount == 0 && !broken) {
        progress.awaitUninterruptibly();
      }
      return !broken;
    } finally {
      lock.unlock();
    }
  }

  /** From now on READs are answered in chunks. To be called before anything is answered. */
  void useChunks() {
    replies.useChunks();
  }

  /** Null if all are in use. */
  @Nullable StatusQuery tryTakeQuery(List<Negotiated.ChosenContext> contexts) {
    lock.lock();
    try {
      if (freeQueryCount > 0) {
        return freeQueries[--freeQueryCount];
      }
      if (queryCount == MAX_QUERIES) {
        return null;
      }
      queryCount++;
      return new StatusQuery(this, contexts);
    } finally {
      lock.unlock();
    }
  }

  /** Waits until {@link #tryTakeQuery} has one; false if the connection broke. */
  boolean awaitQuery() {
    lock.lock();
    try {
      while (freeQueryCount == 0 && !broken) {
        progress.awaitUninterruptibly();
      }
      return !broken;
    } finally {
      lock.unlock();
    }
  }

  /**
   * To be called before the commands of a batch are submitted.
   *
   * @return whether nothing but them is in the device
   */
  boolean submitting(Command[] batch, int count) {
    lock.lock();
    try {
      for (int i = 0; i < count; i++) {
        batch[i].inDevice = true;
        if (batch[i].request.operation.changes()) {
          changesInDevice++;
        }
      }
      inDevice += count;
      return inDevice == count;
    } finally {
      lock.unlock();
    }
  }

  /** To be called before the device is asked what {@code status} wants to know. */
  void submitting(Command status) {
    lock.lock();
    try {
      status.inDevice = true;
      inDevice++;
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

  /** Waits until everything that is completed is written; false if the connection broke. */
  boolean awaitWritten() {
    lock.lock();
    try {
      while ((head < tail || writing) && !broken) {
        progress.awaitUninterruptibly();
      }
      return !broken;
    } finally {
      lock.unlock();
    }
  }

  // Completion: any thread.

  void completed(Command command) {
    lock.lock();
    try {
      if (command.replyPayload() == 0) {
        command.releaseSlab(); // whoever waited for it finds the reply queued: awaitWritten
      }
      command.inDevice = false;
      inDevice--;
      if (command.request.operation.changes() && --changesInDevice == 0) {
        progress.signalAll();
      }
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
    queue[slot(tail)] = command;
    tail++;
  }

  private void recycle(Command command) {
    command.releaseSlab();
    if (command.status != null) {
      freeQueries[freeQueryCount++] = command.status;
      command.status = null;
      progress.signalAll();
    }
    if (freeCount == 0) {
      progress.signalAll();
    }
    free[freeCount++] = command;
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
        long from = head;
        long to = from;
        replies.clear();
        while (to < tail && replies.hasRoom()) {
          replies.add(queued(slot(to++)));
        }
        lock.unlock();
        tellLatencies(from, to);
        boolean written = write();
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

  /** Those are this thread's until they are dequeued. What came together is told at once. */
  private void tellLatencies(long from, long to) {
    if (latencies.equals(Latencies.NONE)) {
      return;
    }
    long nowNs = System.nanoTime();
    long start = from;
    while (start < to) {
      Command first = queued(slot(start));
      long end = start + 1;
      while (end < to && isAlike(first, queued(slot(end)))) {
        end++;
      }
      if (first.receivedNs != 0 && first.request.error == Errno.OK) {
        latencies.answered(
            first.request.operation,
            first.request.flags,
            nowNs - first.receivedNs,
            (int) (end - start));
      }
      start = end;
    }
  }

  private static boolean isAlike(Command one, Command other) {
    return one.receivedNs == other.receivedNs
        && one.request.operation == other.request.operation
        && one.request.flags == other.request.flags
        && one.request.error == other.request.error;
  }

  private boolean write() {
    try {
      replies.writeTo(wire, turn.replies());
      return true;
    } catch (IOException e) { // the client is gone
      whenBroken.run();
      return false;
    }
  }

  private static int slot(long reply) {
    return (int) reply & (MAX_COMMANDS - 1);
  }

  private Command queued(int slot) {
    Command command = queue[slot];
    if (command == null) {
      throw new IllegalStateException("no reply in slot " + slot);
    }
    return command;
  }

  private void dequeue() {
    int slot = slot(head);
    Command command = queued(slot);
    queue[slot] = null;
    head++;
    answered++;
    if (command.request.error != Errno.OK) {
      failed++;
    }
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
      if (isCancellable(all[i])) {
        device.cancel(all[i].request);
      }
    }
  }

  private boolean isCancellable(Command command) {
    lock.lock();
    try {
      return command.inDevice && command.status == null;
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

  /** As {@link #awaitDevice}, for what may change what the device holds. */
  boolean awaitChanges(long nanos) throws InterruptedException {
    lock.lock();
    try {
      long left = nanos;
      while (changesInDevice > 0 && left > 0) {
        left = progress.awaitNanos(left);
      }
      return changesInDevice == 0;
    } finally {
      lock.unlock();
    }
  }

  /** What there is to say of the commands of {@code connection}. */
  ClientStatus status(
      ConnectionName connection, String export, ClientStatus.Phase phase, long bytesHeld) {
    lock.lock();
    try {
      int inFlight = inDevice + (int) (tail - head);
      return new ClientStatus(
          connection.number(),
          connection.address(),
          export,
          phase,
          wire.isEncrypted(),
          connection.since(),
          inFlight,
          bytesHeld,
          answered,
          failed);
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

  /** Ends the writer thread. Once only. */
  void end() {
    lock.lock();
    try {
      budget.giveBack(allCount);
      ended = true;
      work.signal();
    } finally {
      lock.unlock();
    }
  }
}
