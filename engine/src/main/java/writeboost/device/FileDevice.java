package writeboost.device;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A file or block device, through direct I/O where it takes that. Any thread; requests are carried
 * out, and completed, by a few threads of its own, or on the caller's by {@link #execute}; with
 * {@link DeviceIo#IO_URING} most are carried out by the kernel and completed by one thread.
 *
 * <p>A failed flush is reported once, by the FLUSH or FUA write that ran into it: the kernel then
 * counts the lost pages as written, so the caller must write again what was not yet durable.
 *
 * <p>Of a file that somebody has cut off under us the rest is still read and written; but no flush
 * succeeds, because nobody would take what is left for the device that it was.
 */
public final class FileDevice implements BlockDevice {
  public static final int DEFAULT_THREADS = 4;
  public static final DeviceIo DEFAULT_IO = DeviceIo.IO_URING;

  /** Of one hint more is not fetched: it would keep a thread from requests. */
  private static final long PREFETCH_BYTES_MAX = 32 << 20;

  /** So many may wait. */
  private static final int PREFETCHES_MAX = 32;

  private static final System.Logger LOG = System.getLogger(FileDevice.class.getName());

  private final DeviceFile file;
  private final DirectMode mode;
  private final Limits limits;
  private final PositionedIo io;
  private final Zeroing zeroing;
  private final TaskQueue queue;
  private final String description;

  /** Null if everything is done by threads. */
  private final @Nullable RequestRing ring;

  /** For requests that are {@link Request#AWAITED}. */
  private final @Nullable CallerRings callerRings;

  private final @Nullable BusyTime busyTime;
  private final boolean rotational;

  /** Hints that wait. */
  private final AtomicInteger prefetches = new AtomicInteger();

  private final AtomicBoolean saidThatItIsCutOff = new AtomicBoolean();

  private volatile boolean closed;

  /** Takes {@code file} over: it is closed with the device. */
  public FileDevice(DeviceFile file) {
    this(file, DEFAULT_IO);
  }

  /** As {@link #FileDevice(DeviceFile)}; {@link #description} says what came of {@code wanted}. */
  public FileDevice(DeviceFile file, DeviceIo wanted) {
    this(file, file.mode(), DEFAULT_THREADS, wanted);
  }

  /**
   * By threads alone.
   *
   * @param threads how many requests are carried out at the same time
   */
  public FileDevice(DeviceFile file, int threads) {
    this(file, file.mode(), threads);
  }

  /** As if the file wanted {@code mode}. */
  FileDevice(DeviceFile file, DirectMode mode, int threads) {
    this(file, mode, threads, DeviceIo.THREADS);
  }

  FileDevice(DeviceFile file, DirectMode mode, int threads, DeviceIo wanted) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: " + threads);
    }
    this.file = file;
    boolean writable = !file.readOnly();
    limits =
        new Limits(
            file.readOnly(), Requests.SECTOR_BYTES, file.preferredBytes(), writable, writable);
    this.mode = mode;
    io = new PositionedIo(file.descriptor(), mode);
    zeroing = new Zeroing(file.descriptor(), file.isBlockDevice(), mode, io);
    queue = new TaskQueue(threads);
    rotational = Rotation.of(file.identity());
    busyTime = file.isBlockDevice() ? new BusyTime(file.identity()) : null;
    for (int i = 0; i < threads; i++) {
      Thread.ofPlatform()
          .daemon()
          .name("io-" + file.path().getFileName() + "-" + i)
          .start(this::run);
    }
    RequestRing opened = null;
    CallerRings openedForCallers = null;
    String how = mode.description();
    if (wanted == DeviceIo.IO_URING && mode.direct()) {
      try {
        RingRequests requests = new RingRequests(file, io);
        openedForCallers = new CallerRings(requests, this::execute);
        opened = new RequestRing(file, requests, queue);
        how += ", io_uring";
      } catch (IOException e) {
        how += ", without io_uring (%s)".formatted(e.getMessage());
      }
    }
    ring = opened;
    callerRings = openedForCallers;
    description = how;
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public Fingerprint fingerprint() {
    return file.fingerprint();
  }

  @Override
  public Fingerprint giveFingerprint() {
    return file.giveFingerprint();
  }

  @Override
  public boolean isWhole() {
    long now = file.sizeNow();
    if (now >= 0 && now < file.size() && !saidThatItIsCutOff.getAndSet(true)) {
      LOG.log(
          Level.WARNING,
          "{0}: has been cut off while it is in use: it has {1} bytes, and had {2}; what was behind"
              + " that is gone",
          file.path(),
          Long.toString(now),
          Long.toString(file.size()));
    }
    return now < 0 || now >= file.size();
  }

  /** Of a block device. The disk below a file has others to serve too, the cache for one. */
  @Override
  public long busyNanoseconds() {
    return busyTime == null ? -1 : busyTime.nanoseconds();
  }

  @Override
  public Limits limits() {
    return limits;
  }

  /** Of the disk below a file as well, where its file system lies on one disk. */
  @Override
  public boolean rotational() {
    return rotational;
  }

  /** FAST_ZERO is asked of the file system, or the block device, each time. */
  @Override
  public boolean canZeroFast() {
    return !file.readOnly();
  }

  /** Holes, as the file system has them. Of a block device nothing is known. */
  @Override
  public void describe(Extents extents) {
    int error = Requests.check(extents, file.size());
    if (error != Errno.OK) {
      extents.complete(error);
    } else if (file.isBlockDevice()) {
      BlockDevice.super.describe(extents);
    } else if (!queue.add(extents)) {
      extents.complete(Errno.ESHUTDOWN);
    }
  }

  /** Into the page cache, where I/O goes through that. */
  @Override
  public void prefetch(long offset, long length) {
    if (mode.direct()) {
      return;
    }
    Prefetch hint = new Prefetch(offset, Math.min(length, PREFETCH_BYTES_MAX));
    if (prefetches.incrementAndGet() > PREFETCHES_MAX || !queue.add(hint)) {
      prefetches.decrementAndGet();
    }
  }

  /** Whether I/O goes past the page cache. */
  public boolean direct() {
    return mode.direct();
  }

  /** How I/O is done, for people. */
  public String description() {
    return description;
  }

  @Override
  public void submit(Request[] batch, int count) {
    if (isAwaited(batch, count) && carryOutHere(batch, count)) {
      return;
    }
    boolean added = ring == null ? queue.add(batch, count) : ring.add(batch, count);
    if (!added) {
      for (int i = 0; i < count; i++) {
        batch[i].complete(Errno.ESHUTDOWN);
      }
    }
  }

  private static boolean isAwaited(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      if (!batch[i].has(Request.AWAITED)) {
        return false;
      }
    }
    return true;
  }

  /** Several at once where that can be; one after the other would take longer than threads do. */
  private boolean carryOutHere(Request[] batch, int count) {
    if (count == 1) {
      execute(batch[0]);
      return true;
    }
    return callerRings != null && !closed && callerRings.execute(batch, count);
  }

  /**
   * Carries {@code request} out on the calling thread and completes it before returning: saves two
   * wake-ups where the caller would wait anyway.
   */
  public void execute(Request request) {
    request.complete(closed ? Errno.ESHUTDOWN : perform(request));
  }

  @Override
  public void cancel(Request request) {
    if (ring != null && ring.remove(request) || queue.remove(request)) {
      request.complete(Errno.ECANCELED);
    }
  }

  /** Waits for what was submitted. Not from a completion. */
  @Override
  public void close() {
    if (ring != null) {
      ring.close();
    }
    queue.close();
    if (!closed) {
      closed = true;
      if (callerRings != null) {
        callerRings.close();
      }
      file.close();
    }
  }

  private void run() {
    @Nullable DeviceTask task;
    while ((task = queue.take()) != null) {
      try {
        carryOut(task);
      } catch (RuntimeException | Error e) {
        LOG.log(Level.ERROR, file.path() + ": the completion of " + task + " failed", e);
      }
    }
  }

  private void carryOut(DeviceTask task) {
    switch (task) {
      case Request request -> request.complete(perform(request));
      case Extents extents -> {
        Holes.describe(file.descriptor(), extents);
        extents.complete(Errno.OK);
      }
      case Prefetch hint -> {
        Posix.willNeed(file.descriptor(), hint.offset(), hint.length());
        prefetches.decrementAndGet();
      }
    }
  }

  private int perform(Request request) {
    int invalid = Requests.check(request, file.size(), file.readOnly());
    if (invalid != Errno.OK) {
      return invalid;
    }
    try {
      int error = transfer(request);
      if (error == 0 && mustSync(request)) {
        error = Posix.dataSync(file.descriptor());
      }
      boolean atTheEnd = error == -Errno.EIO && request.operation == Operation.READ;
      if ((atTheEnd || error == 0 && mustSync(request)) && !isWhole()) {
        error = -Errno.EIO;
      }
      return toErrno(-error);
    } catch (RuntimeException e) { // memory that was freed while lent, for one
      LOG.log(Level.ERROR, file.path() + ": " + request + " failed", e);
      return Errno.EIO;
    }
  }

  private int transfer(Request request) {
    long offset = request.offset;
    long length = request.length;
    return switch (request.operation) {
      case READ -> io.read(request.data, request.dataOffset, length, offset);
      case WRITE -> io.write(request.data, request.dataOffset, length, offset);
      case WRITE_ZEROES -> zeroing.zero(offset, length, request.flags);
      case TRIM -> zeroing.trim(offset, length);
      case FLUSH -> 0;
    };
  }

  private boolean mustSync(Request request) {
    return switch (request.operation) {
      case READ -> false;
      case FLUSH -> !file.readOnly();
      case WRITE, WRITE_ZEROES, TRIM -> request.has(Request.FUA);
    };
  }

  /** What a request ends with for an error number of Linux. */
  static int toErrno(int error) {
    return switch (error) {
      case 0, Errno.EINVAL, Errno.ENOSPC, Errno.ENOTSUP -> error;
      case LinuxErrno.EDQUOT -> Errno.ENOSPC;
      default -> Errno.EIO;
    };
  }
}
