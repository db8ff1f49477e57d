package writeboost.device;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Memory straight from the kernel: address space first, and RAM where it is touched. Any thread.
 */
@SuppressWarnings("restricted") // the foreign functions
public final class AnonymousMemory {

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x2 | 0x20 | 0x4000;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MADV_DONTNEED = 4;
  private static final int MADV_POPULATE_WRITE = 23;

  private static final MethodHandle MMAP =
      Posix.function(
          "mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MUNMAP =
      Posix.function("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle MADVISE =
      Posix.function("madvise", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

  private AnonymousMemory() {}

  /**
   * Address space of {@code bytes} zeroes, page aligned, that costs RAM only where it has been
   * touched. Lives until {@link #release}; touching it after that ends the process.
   *
   * @throws IOException if the address space cannot be had
   */
  public static MemorySegment reserve(long bytes) throws IOException {
    if (bytes <= 0) {
      throw new IllegalArgumentException("bytes: " + bytes);
    }
    Posix.CallState state = Posix.STATE.get();
    long address;
    try {
      address =
          state.result(
              (long)
                  MMAP.invokeExact(
                      state.errno,
                      0L,
                      bytes,
                      PROT_READ_WRITE,
                      MAP_PRIVATE_ANONYMOUS_NORESERVE,
                      -1,
                      0L));
    } catch (Throwable t) {
      throw Posix.unexpected(t);
    }
    if (address < 0) {
      throw new IOException(
          ("cannot reserve %d MiB of memory (%s): raise the limits on address space and overcommit"
                  + " (ulimit -v, vm.overcommit_memory), or use a smaller size")
              .formatted(bytes >> 20, Errno.name((int) -address)));
    }
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** As {@link #reserve(long)}, but released when {@code arena} is closed: safe after that, too. */
  public static MemorySegment reserve(long bytes, Arena arena) throws IOException {
    return reserve(bytes).reinterpret(arena, AnonymousMemory::release);
  }

  /** Gives back, whole, what {@link #reserve(long)} returned. */
  public static void release(MemorySegment reserved) {
    Posix.CallState state = Posix.STATE.get();
    try {
      int ignored = (int) MUNMAP.invokeExact(state.errno, reserved.address(), reserved.byteSize());
      assert ignored == 0;
    } catch (Throwable t) {
      throw Posix.unexpected(t);
    }
  }

  /**
   * Asks for huge pages in {@link #reserve}d memory that will be used all over: fewer misses of the
   * processor's TLB, and fewer pages for the kernel to pin in direct I/O. Nothing where the system
   * has none.
   */
  public static void preferHugePages(MemorySegment reserved) {
    Posix.CallState state = Posix.STATE.get();
    try {
      int ignored =
          (int)
              MADVISE.invokeExact(
                  state.errno, reserved.address(), reserved.byteSize(), MADV_HUGEPAGE);
    } catch (Throwable t) {
      throw Posix.unexpected(t);
    }
  }

  /**
   * Puts RAM under whole pages of {@link #reserve}d memory, as writing to them would, and leaves
   * their content alone: others may use them meanwhile. Where the system cannot (Linux before 5.14,
   * no RAM left) they get it when they are touched.
   */
  public static void populate(MemorySegment pages) {
    Posix.CallState state = Posix.STATE.get();
    try {
      int ignored =
          (int)
              MADVISE.invokeExact(
                  state.errno, pages.address(), pages.byteSize(), MADV_POPULATE_WRITE);
    } catch (Throwable t) {
      throw Posix.unexpected(t);
    }
  }

  /**
   * Zeroes whole pages of {@link #reserve}d memory by giving the RAM under them back; false where
   * that cannot be, as with locked memory, and nothing was done.
   */
  static boolean discard(MemorySegment pages) {
    Posix.CallState state = Posix.STATE.get();
    try {
      return 0
          == (int)
              MADVISE.invokeExact(state.errno, pages.address(), pages.byteSize(), MADV_DONTNEED);
    } catch (Throwable t) {
      throw Posix.unexpected(t);
    }
  }
}
