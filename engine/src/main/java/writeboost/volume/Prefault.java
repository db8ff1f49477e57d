package writeboost.volume;

import java.lang.foreign.MemorySegment;
import writeboost.device.AnonymousMemory;

/**
 * Gets RAM for memory before it is written to, on a thread of its own that ends when it has all:
 * otherwise the write that comes to a page first waits, with the core's lock, until the kernel has
 * zeroed 2 MiB of it, which in a virtual machine that has to ask its host first takes milliseconds.
 */
final class Prefault implements AutoCloseable {

  /** A huge page on most machines; what {@link #close} waits for at the most. */
  private static final long STEP_BYTES = 2 << 20;

  private final Thread thread;
  private volatile boolean closed;

  private Prefault(MemorySegment memory) {
    thread = new Thread(() -> run(memory), "writeboost-prefault");
    thread.setDaemon(true);
  }

  /**
   * Returns at once.
   *
   * @param memory whole pages, not released before {@link #close} has returned
   */
  static Prefault begin(MemorySegment memory) {
    Prefault prefault = new Prefault(memory);
    prefault.thread.start();
    return prefault;
  }

  private void run(MemorySegment memory) {
    for (long at = 0; at < memory.byteSize() && !closed; at += STEP_BYTES) {
      AnonymousMemory.populate(memory.asSlice(at, Math.min(STEP_BYTES, memory.byteSize() - at)));
    }
  }

  /** Returns when the memory is left alone. */
  @Override
  public void close() {
    closed = true;
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
