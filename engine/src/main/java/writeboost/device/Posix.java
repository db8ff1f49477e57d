package writeboost.device;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Objects;

/**
 * The system calls that Java has no name for, on Linux (x86-64 and aarch64): the only class that
 * calls foreign functions, with {@link AnonymousMemory} and {@link IoUring}. Any thread.
 *
 * <p>Unless said otherwise a call returns what the system call returns, or the negated errno. Calls
 * are restarted after a signal (EINTR); {@link #read} and {@link #write} go on after a short
 * transfer. Nothing is allocated per call, except where a path is given.
 */
@SuppressWarnings("restricted") // the foreign functions; kept in this one class
public final class Posix {

  // Flags that differ between the two architectures.
  private static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");
  static final int O_DIRECT = ARM ? 0x10000 : 0x4000;
  static final int O_DIRECTORY = ARM ? 0x4000 : 0x10000;
  static final int O_NOFOLLOW = ARM ? 0x8000 : 0x20000;
  static final int O_TMPFILE = 0x400000 | O_DIRECTORY;

  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  static final int O_CLOEXEC = 0x80000;

  static final int LOCK_SH = 1;
  static final int LOCK_EX = 2;
  static final int LOCK_NB = 4;

  static final int SEEK_END = 2;
  static final int SEEK_DATA = 3;
  static final int SEEK_HOLE = 4;

  static final int FALLOC_KEEP_SIZE = 1;
  static final int FALLOC_PUNCH_HOLE = 2;
  static final int FALLOC_ZERO_RANGE = 0x10;

  static final long BLKSSZGET = 0x1268;
  static final long BLKPBSZGET = 0x127B;
  static final long BLKDISCARD = 0x1277;
  static final long BLKGETSIZE64 = 0x80081272L;

  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_FOLLOW = 0x400;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int FADV_WILLNEED = 3;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MemoryLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final long ERRNO_OFFSET =
      CALL_STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

  // Addresses of payload are passed as longs: a pointer argument would need a slice per call.
  private static final MethodHandle PREAD =
      function("pread", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle PWRITE =
      function("pwrite", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle FDATASYNC = function("fdatasync", JAVA_INT, JAVA_INT);
  private static final MethodHandle FALLOCATE =
      function("fallocate", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle LSEEK =
      function("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle FADVISE =
      function("posix_fadvise", JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle FTRUNCATE =
      function("ftruncate", JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle FLOCK = function("flock", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle OPEN =
      variadic(2, "open", JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle CLOSE = function("close", JAVA_INT, JAVA_INT);
  private static final MethodHandle IOCTL =
      variadic(2, "ioctl", JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
  private static final MethodHandle FCNTL =
      variadic(2, "fcntl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle STATX =
      function("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS);
  private static final MethodHandle LINKAT =
      function("linkat", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle GETEUID = function("geteuid", JAVA_INT);
  private static final MethodHandle UMASK = function("umask", JAVA_INT, JAVA_INT);

  /** What a thread needs to make calls: a place for errno, and one for a small argument. */
  static final class CallState {
    final MemorySegment errno = Arena.ofAuto().allocate(CALL_STATE);
    final MemorySegment argument = Arena.ofAuto().allocate(16, 8);

    long result(long returned) {
      return returned >= 0 ? returned : -errno.get(JAVA_INT, ERRNO_OFFSET);
    }
  }

  static final ThreadLocal<CallState> STATE = ThreadLocal.withInitial(CallState::new);

  private Posix() {}

  // ---- input and output ------------------------------------------------------------------------

  /**
   * Reads {@code length} bytes at {@code position} of the file into native memory. Returns how many
   * bytes were read, fewer than asked only at the end of the file, or the negated errno.
   */
  static long read(int fd, MemorySegment memory, long offset, long length, long position) {
    long address = checkedAddress(memory, offset, length);
    CallState state = STATE.get();
    long done = 0;
    while (done < length) {
      long got;
      try {
        got =
            state.result(
                (long)
                    PREAD.invokeExact(
                        state.errno, fd, address + done, length - done, position + done));
      } catch (Throwable t) {
        throw unexpected(t);
      }
      if (got == 0) {
        break;
      }
      if (got < 0 && got != -LinuxErrno.EINTR) {
        return got;
      }
      done += Math.max(got, 0);
    }
    return done;
  }

  /**
   * Writes {@code length} bytes of native memory at {@code position} of the file. Returns {@code
   * length} or the negated errno; then some of it may have been written.
   */
  static long write(int fd, MemorySegment memory, long offset, long length, long position) {
    long address = checkedAddress(memory, offset, length);
    CallState state = STATE.get();
    long done = 0;
    while (done < length) {
      long put;
      try {
        put =
            state.result(
                (long)
                    PWRITE.invokeExact(
                        state.errno, fd, address + done, length - done, position + done));
      } catch (Throwable t) {
        throw unexpected(t);
      }
      if (put == 0) {
        return -Errno.EIO;
      }
      if (put < 0 && put != -LinuxErrno.EINTR) {
        return put;
      }
      done += Math.max(put, 0);
    }
    return done;
  }

  /** Not restarted after an error: the error is reported once, and the pages count as clean. */
  static int dataSync(int fd) {
    CallState state = STATE.get();
    long returned;
    do {
      try {
        returned = state.result((int) FDATASYNC.invokeExact(state.errno, fd));
      } catch (Throwable t) {
        throw unexpected(t);
      }
    } while (returned == -LinuxErrno.EINTR);
    return (int) returned;
  }

  static int allocate(int fd, int mode, long offset, long length) {
    CallState state = STATE.get();
    long returned;
    do {
      try {
        returned = state.result((int) FALLOCATE.invokeExact(state.errno, fd, mode, offset, length));
      } catch (Throwable t) {
        throw unexpected(t);
      }
    } while (returned == -LinuxErrno.EINTR);
    return (int) returned;
  }

  /** Where the next data (SEEK_DATA) or hole (SEEK_HOLE) is, or the end of the file (SEEK_END). */
  static long seek(int fd, long position, int whence) {
    CallState state = STATE.get();
    try {
      return state.result((long) LSEEK.invokeExact(state.errno, fd, position, whence));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** The page cache gets a range, as far as the kernel likes. */
  static void willNeed(int fd, long position, long length) {
    CallState state = STATE.get();
    try {
      int ignored = (int) FADVISE.invokeExact(state.errno, fd, position, length, FADV_WILLNEED);
      assert ignored >= 0;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  // ---- files -----------------------------------------------------------------------------------

  static int open(String path, int flags, int mode) {
    CallState state = STATE.get();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path);
      long returned;
      do {
        returned = state.result((int) OPEN.invokeExact(state.errno, name, flags | O_CLOEXEC, mode));
      } while (returned == -LinuxErrno.EINTR);
      return (int) returned;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Never restarted: the descriptor is gone, whatever is returned. */
  static int close(int fd) {
    CallState state = STATE.get();
    try {
      return (int) state.result((int) CLOSE.invokeExact(state.errno, fd));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int truncate(int fd, long size) {
    CallState state = STATE.get();
    try {
      return (int) state.result((int) FTRUNCATE.invokeExact(state.errno, fd, size));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static int lock(int fd, int operation) {
    CallState state = STATE.get();
    try {
      return (int) state.result((int) FLOCK.invokeExact(state.errno, fd, operation));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Switches O_DIRECT on or off; -EINVAL where the file system does not take it. */
  static int direct(int fd, boolean on) {
    CallState state = STATE.get();
    try {
      long flags = state.result((int) FCNTL.invokeExact(state.errno, fd, F_GETFL, 0));
      if (flags < 0) {
        return (int) flags;
      }
      int wanted = on ? (int) flags | O_DIRECT : (int) flags & ~O_DIRECT;
      return (int) state.result((int) FCNTL.invokeExact(state.errno, fd, F_SETFL, wanted));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Gives the nameless file {@code fd} (O_TMPFILE) a name, which must be free. */
  static int link(int fd, String path) {
    CallState state = STATE.get();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocateFrom("/proc/self/fd/" + fd);
      MemorySegment to = arena.allocateFrom(path);
      int returned =
          (int) LINKAT.invokeExact(state.errno, AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW);
      return (int) state.result(returned);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Fills {@code status} with what is at {@code path}, behind links. */
  static int status(String path, FileStatus status) {
    return status(AT_FDCWD, path, 0, status);
  }

  static int status(int fd, FileStatus status) {
    return status(fd, "", AT_EMPTY_PATH, status);
  }

  private static int status(int fd, String path, int flags, FileStatus status) {
    CallState state = STATE.get();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path);
      int returned =
          (int) STATX.invokeExact(state.errno, fd, name, flags, FileStatus.WANTED, status.memory);
      return (int) state.result(returned);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  // ---- block devices ---------------------------------------------------------------------------

  /** A request that answers with an int: BLKSSZGET, BLKPBSZGET. */
  static int queryInt(int fd, long request) {
    int returned = control(fd, request, 0, 0);
    return returned < 0 ? returned : STATE.get().argument.get(JAVA_INT, 0);
  }

  /** The size of a block device in bytes. */
  static long blockDeviceSize(int fd) {
    int returned = control(fd, BLKGETSIZE64, 0, 0);
    return returned < 0 ? returned : STATE.get().argument.get(JAVA_LONG, 0);
  }

  /** A request on a range of bytes: BLKDISCARD. */
  static int control(int fd, long request, long offset, long length) {
    CallState state = STATE.get();
    state.argument.set(JAVA_LONG, 0, offset);
    state.argument.set(JAVA_LONG, 8, length);
    long returned;
    do {
      try {
        returned = state.result((int) IOCTL.invokeExact(state.errno, fd, request, state.argument));
      } catch (Throwable t) {
        throw unexpected(t);
      }
    } while (returned == -LinuxErrno.EINTR);
    return (int) returned;
  }

  // ---- the process -----------------------------------------------------------------------------

  /** The effective user id; 0 is root. */
  public static int effectiveUser() {
    CallState state = STATE.get();
    try {
      return (int) GETEUID.invokeExact(state.errno);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** The rights that no file or socket gets that this process creates from now on. */
  public static void restrictNewFiles(int mask) {
    CallState state = STATE.get();
    try {
      int ignored = (int) UMASK.invokeExact(state.errno, mask);
      assert ignored >= 0;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  // ---- end of the calls ------------------------------------------------------------------------

  /** Good while the caller keeps {@code memory} reachable, which a pending request does. */
  static long checkedAddress(MemorySegment memory, long offset, long length) {
    Objects.checkFromIndexSize(offset, length, memory.byteSize());
    if (!memory.isNative()) {
      throw new IllegalArgumentException("memory on the heap has no address");
    }
    if (!memory.scope().isAlive()) {
      throw new IllegalStateException("memory that was freed");
    }
    return memory.address() + offset;
  }

  static MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
    return bind(
        name, FunctionDescriptor.of(result, arguments), Linker.Option.captureCallState("errno"));
  }

  static MethodHandle variadic(
      int fixedArguments, String name, MemoryLayout result, MemoryLayout... arguments) {
    return bind(
        name,
        FunctionDescriptor.of(result, arguments),
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(fixedArguments));
  }

  private static MethodHandle bind(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    MemorySegment address =
        LINKER
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> new UnsatisfiedLinkError("this C library has no " + name + "()"));
    return LINKER.downcallHandle(address, descriptor, options);
  }

  static RuntimeException unexpected(Throwable thrown) {
    if (thrown instanceof RuntimeException e) {
      return e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
    return new IllegalStateException(thrown);
  }
}
