package writeboost.device;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import writeboost.device.Posix.CallState;

/**
 * The two rings of Linux's io_uring (Linux 6.1 or newer): operations go into one, results come out
 * of the other, and one system call hands over many and waits for some.
 *
 * <p>Belongs to the thread that calls {@link #enable}, which alone may make all other calls, but
 * for {@link #wake}: that wakes it from any thread. One that was opened {@linkplain
 * #openForAnyThread for any thread} belongs to one after the other, and nothing is under way when
 * it changes hands.
 *
 * <pre>
 *   submission entry, 64 bytes                     completion entry, 16 bytes
 *    0 u8  operation   1 u8  flags  2 u16 priority   0 u64 tag, as submitted
 *    4 s32 descriptor                                8 s32 result, or negated errno
 *    8 u64 position   16 u64 address                12 u32 flags
 *   24 u32 length     28 u32 flags of the operation
 *   32 u64 tag        40 .. 63 zero
 * </pre>
 */
@SuppressWarnings("restricted") // memory that is shared with the kernel
final class IoUring {
  static final int OP_FSYNC = 3;
  static final int OP_POLL_ADD = 6;
  static final int OP_READ = 22;
  static final int OP_WRITE = 23;
  static final int FSYNC_DATASYNC = 1;

  /** Of entries that say only that somebody called {@link #wake}. */
  static final long WAKE_TAG = -1;

  // The numbers of the system calls; the same on both architectures.
  private static final long SETUP = 425;
  private static final long ENTER = 426;
  private static final long REGISTER = 427;

  private static final int SETUP_R_DISABLED = 1 << 6;
  private static final int SETUP_SUBMIT_ALL = 1 << 7;
  private static final int SETUP_SINGLE_ISSUER = 1 << 12;
  private static final int SETUP_DEFER_TASKRUN = 1 << 13;
  private static final int REGISTER_ENABLE_RINGS = 12;
  private static final int ENTER_GETEVENTS = 1;
  private static final int COMPLETION_MORE = 1 << 1;
  private static final int POLL_ADD_MULTI = 1;
  private static final int POLL_IN = 1;

  private static final long MAP_RINGS = 0;
  private static final long MAP_ENTRIES = 0x10000000;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED_POPULATE = 0x1 | 0x8000;
  private static final int EFD_CLOEXEC_NONBLOCK = 0x80000 | 0x800;

  private static final int NO_EVENT = -1;

  private static final int ENTRY_BYTES = 64;
  private static final int RESULT_BYTES = 16;

  /** struct io_uring_params: where the parts of the rings are. */
  private static final class Parameters {
    static final int BYTES = 120;
    static final int SUBMISSION_ENTRIES = 0;
    static final int COMPLETION_ENTRIES = 4;
    static final int FLAGS = 8;
    static final int SUBMISSION_HEAD = 40;
    static final int SUBMISSION_TAIL = 44;
    static final int SUBMISSION_INDICES = 64;
    static final int COMPLETION_HEAD = 80;
    static final int COMPLETION_TAIL = 84;
    static final int COMPLETIONS = 100;
  }

  private static final MethodHandle SYSCALL =
      Posix.variadic(
          1, "syscall", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
          JAVA_LONG);
  private static final MethodHandle MMAP =
      Posix.function(
          "mmap", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MUNMAP =
      Posix.function("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle EVENTFD =
      Posix.function("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle WRITE =
      Posix.function("write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);

  private static final VarHandle INT = JAVA_INT.varHandle();

  private final int fd;
  private final int event;
  private final MemorySegment rings;
  private final MemorySegment entries;
  private final long submissionHead;
  private final long submissionTail;
  private final int submissionMask;
  private final long completionHead;
  private final long completionTail;
  private final long completions;
  private final int completionMask;

  /** What {@link #wake} writes: 1. */
  private final MemorySegment one = Arena.ofAuto().allocate(JAVA_LONG);

  private int tail;
  private int head;

  /** Where the entry of the last {@link #next} is. */
  private long current;

  private IoUring(int fd, int event, MemorySegment parameters) throws IOException {
    this.fd = fd;
    this.event = event;
    int count = parameters.get(JAVA_INT, Parameters.SUBMISSION_ENTRIES);
    int results = parameters.get(JAVA_INT, Parameters.COMPLETION_ENTRIES);
    submissionMask = count - 1; // powers of two
    completionMask = results - 1;
    submissionHead = parameters.get(JAVA_INT, Parameters.SUBMISSION_HEAD);
    submissionTail = parameters.get(JAVA_INT, Parameters.SUBMISSION_TAIL);
    completionHead = parameters.get(JAVA_INT, Parameters.COMPLETION_HEAD);
    completionTail = parameters.get(JAVA_INT, Parameters.COMPLETION_TAIL);
    completions = parameters.get(JAVA_INT, Parameters.COMPLETIONS);
    long indices = parameters.get(JAVA_INT, Parameters.SUBMISSION_INDICES);
    long bytes =
        Math.max(
            indices + (long) count * Integer.BYTES, completions + (long) results * RESULT_BYTES);
    rings = map(fd, MAP_RINGS, bytes);
    try {
      entries = map(fd, MAP_ENTRIES, (long) count * ENTRY_BYTES);
    } catch (IOException e) {
      unmap(rings);
      throw e;
    }
    for (int i = 0; i < count; i++) {
      rings.set(JAVA_INT, indices + (long) i * Integer.BYTES, i);
    }
    one.set(JAVA_LONG, 0, 1);
  }

  /**
   * A ring that takes {@code entries} operations at once, a power of two up to 4096.
   *
   * @throws IOException if the kernel has no io_uring, an older one, or does not let us use it; the
   *     message says which
   */
  static IoUring open(int entries) throws IOException {
    return open(
        entries,
        SETUP_R_DISABLED | SETUP_SUBMIT_ALL | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN,
        /* wakeable= */ true);
  }

  /** As {@link #open}; neither {@link #enable} nor {@link #wake} is for it. */
  static IoUring openForAnyThread(int entries) throws IOException {
    return open(entries, SETUP_SUBMIT_ALL, /* wakeable= */ false);
  }

  private static IoUring open(int entries, int flags, boolean wakeable) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(Parameters.BYTES, Long.BYTES);
      parameters.set(JAVA_INT, Parameters.FLAGS, flags);
      int fd = (int) require(call(SETUP, entries, parameters.address(), 0, 0));
      int event = NO_EVENT;
      try {
        event = wakeable ? eventDescriptor() : NO_EVENT;
        return new IoUring(fd, event, parameters);
      } catch (IOException e) {
        Posix.close(fd);
        if (event != NO_EVENT) {
          Posix.close(event);
        }
        throw e;
      }
    }
  }

  /** From now on this is the calling thread's. */
  void enable() {
    long error = call(REGISTER, fd, REGISTER_ENABLE_RINGS, 0, 0);
    if (error < 0) {
      throw new IllegalStateException("io_uring: " + Errno.name((int) -error));
    }
    watchForWakeUps();
  }

  /** Makes {@link #enter} return, now or, if nobody is in it, the next time. */
  void wake() {
    CallState state = Posix.STATE.get();
    try {
      long ignored = (long) WRITE.invokeExact(state.errno, event, one.address(), 8L);
      assert ignored == Long.BYTES;
    } catch (Throwable t) {
      throw Posix.unexpected(t);
    }
  }

  /**
   * Adds an operation, for which there must be room: no more than {@link #open} was told are added
   * between two calls of {@link #enter}, or are unanswered.
   *
   * @param operationFlags as {@link #FSYNC_DATASYNC}
   * @param tag not negative; comes back with the result
   */
  void add(
      int operation,
      int descriptor,
      long address,
      int length,
      long position,
      int operationFlags,
      long tag) {
    long entry = (long) (tail & submissionMask) * ENTRY_BYTES;
    entries.set(JAVA_LONG, entry, (long) descriptor << 32 | operation);
    entries.set(JAVA_LONG, entry + 8, position);
    entries.set(JAVA_LONG, entry + 16, address);
    entries.set(JAVA_LONG, entry + 24, (long) operationFlags << 32 | length);
    entries.set(JAVA_LONG, entry + 32, tag);
    entries.set(JAVA_LONG, entry + 40, 0);
    entries.set(JAVA_LONG, entry + 48, 0);
    entries.set(JAVA_LONG, entry + 56, 0);
    tail++;
  }

  /**
   * Hands over what was added and waits for so many results, or for {@link #wake}. 0, or the
   * negated errno of what kept the kernel from it, such as a lack of memory: then it is to be tried
   * again.
   */
  int enter(int results) {
    INT.setRelease(rings, submissionTail, tail);
    int added = tail - (int) INT.getAcquire(rings, submissionHead);
    long returned = call(ENTER, fd, added, results, ENTER_GETEVENTS);
    return returned >= 0 || returned == -LinuxErrno.EINTR ? 0 : (int) returned;
  }

  /** Goes on to the next result, if there is one. */
  boolean next() {
    while (head != (int) INT.getAcquire(rings, completionTail)) {
      current = completions + (long) (head & completionMask) * RESULT_BYTES;
      head++;
      if (tag() != WAKE_TAG) {
        return true;
      }
      boolean watching = (rings.get(JAVA_INT, current + 12) & COMPLETION_MORE) != 0;
      done();
      if (!watching) {
        watchForWakeUps();
      }
    }
    return false;
  }

  long tag() {
    return rings.get(JAVA_LONG, current);
  }

  /** What the operation returned, or the negated errno. */
  int result() {
    return rings.get(JAVA_INT, current + 8);
  }

  /** What was to be known of the result is known. */
  void done() {
    INT.setRelease(rings, completionHead, head);
  }

  /** Nothing may be under way; nobody may call {@link #wake} any more. */
  void close() {
    unmap(entries);
    unmap(rings);
    Posix.close(fd);
    if (event != NO_EVENT) {
      Posix.close(event);
    }
  }

  /** The event's counter is never read: each {@link #wake} is news, whatever it stands at. */
  private void watchForWakeUps() {
    add(OP_POLL_ADD, event, 0, POLL_ADD_MULTI, 0, POLL_IN, WAKE_TAG);
  }

  private static long call(long number, long first, long second, long third, long fourth) {
    CallState state = Posix.STATE.get();
    try {
      return state.result(
          (long) SYSCALL.invokeExact(state.errno, number, first, second, third, fourth, 0L, 0L));
    } catch (Throwable t) {
      throw Posix.unexpected(t);
    }
  }

  private static int eventDescriptor() throws IOException {
    CallState state = Posix.STATE.get();
    try {
      return (int)
          require(state.result((int) EVENTFD.invokeExact(state.errno, 0, EFD_CLOEXEC_NONBLOCK)));
    } catch (IOException e) {
      throw e;
    } catch (Throwable t) {
      throw Posix.unexpected(t);
    }
  }

  private static MemorySegment map(int fd, long position, long bytes) throws IOException {
    CallState state = Posix.STATE.get();
    try {
      long address =
          (long)
              MMAP.invokeExact(
                  state.errno, 0L, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, position);
      return MemorySegment.ofAddress(require(state.result(address))).reinterpret(bytes);
    } catch (IOException e) {
      throw e;
    } catch (Throwable t) {
      throw Posix.unexpected(t);
    }
  }

  private static void unmap(MemorySegment mapped) {
    CallState state = Posix.STATE.get();
    try {
      int ignored = (int) MUNMAP.invokeExact(state.errno, mapped.address(), mapped.byteSize());
      assert ignored == 0;
    } catch (Throwable t) {
      throw Posix.unexpected(t);
    }
  }

  private static String explain(int error) {
    return switch (error) {
      case LinuxErrno.ENOSYS -> "the kernel has none";
      case Errno.EPERM, LinuxErrno.EACCES -> "not permitted";
      case Errno.EINVAL -> "needs Linux 6.1";
      default -> Errno.name(error);
    };
  }

  private static long require(long returned) throws IOException {
    if (returned < 0) {
      throw new IOException(explain((int) -returned));
    }
    return returned;
  }
}
