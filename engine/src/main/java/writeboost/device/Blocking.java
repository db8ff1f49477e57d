package writeboost.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Requests to any {@link BlockDevice}, waiting for their answers: for start-up code (format,
 * resume, check), not for the data path. Any thread.
 */
public final class Blocking {
  private final BlockDevice device;
  private final String name;

  /**
   * @param name what error messages call the device
   */
  public Blocking(BlockDevice device, String name) {
    this.device = device;
    this.name = name;
  }

  public BlockDevice device() {
    return device;
  }

  /** What error messages call the device. */
  public String name() {
    return name;
  }

  /** Reads so many bytes as {@code data} holds. */
  public void read(long offset, MemorySegment data) throws IOException {
    read(offset, data, 0, data.byteSize());
  }

  public void read(long offset, MemorySegment data, long dataOffset, long length)
      throws IOException {
    run(new Call().set(Operation.READ, 0, offset, length, data, dataOffset));
  }

  /**
   * Reads from several places at once, to one behind the other in {@code data}.
   *
   * @param offset of the first place; the next one is {@code stride} bytes behind it, and so on
   * @param length bytes that each of the {@code count} places has
   * @return false if any of them could not be read; {@code data} then holds anything
   */
  public boolean readEach(long offset, long stride, int count, long length, MemorySegment data) {
    Call[] calls = new Call[count];
    Request[] requests = new Request[count];
    for (int i = 0; i < count; i++) {
      calls[i] = new Call().set(Operation.READ, 0, offset + i * stride, length, data, i * length);
      requests[i] = calls[i].request;
    }
    device.submit(requests, count);
    boolean read = true;
    for (Call call : calls) {
      call.await();
      read &= call.request.error == Errno.OK;
    }
    return read;
  }

  /** Writes the whole of {@code data}. */
  public void write(long offset, MemorySegment data) throws IOException {
    write(offset, data, 0, data.byteSize());
  }

  public void write(long offset, MemorySegment data, long dataOffset, long length)
      throws IOException {
    run(new Call().set(Operation.WRITE, 0, offset, length, data, dataOffset));
  }

  /** After this, everything that was written before it is durable. */
  public void flush() throws IOException {
    run(new Call().set(Operation.FLUSH, 0, 0, 0));
  }

  /**
   * @param flags a set of {@link Request#FUA}, {@link Request#NO_HOLE}, {@link Request#FAST_ZERO}
   */
  public void writeZeroes(long offset, long length, int flags) throws IOException {
    run(new Call().set(Operation.WRITE_ZEROES, flags, offset, length));
  }

  public void trim(long offset, long length) throws IOException {
    run(new Call().set(Operation.TRIM, 0, offset, length));
  }

  private void run(Call call) throws IOException {
    device.submit(new Request[] {call.request}, 1);
    call.await();
    Request request = call.request;
    if (request.error != Errno.OK) {
      String range =
          request.operation == Operation.FLUSH
              ? ""
              : " of %d bytes at %d".formatted(request.length, request.offset);
      throw new IOException(
          "%s: %s%s failed: %s"
              .formatted(name, request.operation, range, Errno.name(request.error)));
    }
  }

  /** A request and whether it has been answered. */
  private static final class Call {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition answered = lock.newCondition();
    private final Request request = new Request(unused -> done());
    private boolean done;

    Call set(Operation operation, int flags, long offset, long length) {
      request.set(operation, flags | Request.AWAITED, offset, length);
      return this;
    }

    Call set(
        Operation operation,
        int flags,
        long offset,
        long length,
        MemorySegment data,
        long dataOffset) {
      request.set(operation, flags | Request.AWAITED, offset, length, data, dataOffset);
      return this;
    }

    private void done() {
      lock.lock();
      try {
        done = true;
        answered.signal();
      } finally {
        lock.unlock();
      }
    }

    /** Deaf to interrupts: memory lent to the device must not be given up before its answer. */
    void await() {
      lock.lock();
      try {
        while (!done) {
          answered.awaitUninterruptibly();
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
