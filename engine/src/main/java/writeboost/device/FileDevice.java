package writeboost.device;

import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * A file or block device, through direct I/O where it takes that. Any thread; requests are carried
 * out, and completed, by a few threads of its own, or on the caller's by {@link #execute}.
 *
 * <p>A failed flush is reported once, by the FLUSH or FUA write that ran into it: the kernel then
 * counts the lost pages as written, so the caller must write again what was not yet durable.
 */
public final class FileDevice implements BlockDevice {
  public static final int DEFAULT_THREADS = 4;

  private static final System.Logger LOG = System.getLogger(FileDevice.class.getName());

  private final DeviceFile file;
  private final DirectMode mode;
  private final Limits limits;
  private final PositionedIo io;
  private final Zeroing zeroing;
  private final RequestQueue queue;
  private final @Nullable BusyTime busyTime;
  private volatile boolean closed;

  /** Takes {@code file} over: it is closed with the device. */
  public FileDevice(DeviceFile file) {
    this(file, DEFAULT_THREADS);
  }

  /**
   * @param threads how many requests are carried out at the same time
   */
  public FileDevice(DeviceFile file, int threads) {
    this(file, file.mode(), threads);
  }

  /** As if the file wanted {@code mode}. */
  FileDevice(DeviceFile file, DirectMode mode, int threads) {
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
    queue = new RequestQueue(threads);
    busyTime = file.isBlockDevice() ? new BusyTime(file.identity()) : null;
    for (int i = 0; i < threads; i++) {
      Thread.ofPlatform()
          .daemon()
          .name("io-" + file.path().getFileName() + "-" + i)
          .start(this::run);
    }
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

  /** Of a block device. The disk below a file has others to serve too, the cache for one. */
  @Override
  public long busyNanoseconds() {
    return busyTime == null ? -1 : busyTime.nanoseconds();
  }

  @Override
  public Limits limits() {
    return limits;
  }

  /** Whether I/O goes past the page cache. */
  public boolean direct() {
    return mode.direct();
  }

  /** How I/O is done, for people. */
  public String description() {
    return mode.description();
  }

  @Override
  public void submit(Request[] batch, int count) {
    if (!queue.add(batch, count)) {
      for (int i = 0; i < count; i++) {
        batch[i].complete(Errno.ESHUTDOWN);
      }
    }
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
    if (queue.remove(request)) {
      request.complete(Errno.ECANCELED);
    }
  }

  /** Waits for what was submitted. Not from a completion. */
  @Override
  public void close() {
    queue.close();
    if (!closed) {
      closed = true;
      file.close();
    }
  }

  private void run() {
    @Nullable Request request;
    while ((request = queue.take()) != null) {
      int error = perform(request);
      try {
        request.complete(error);
      } catch (RuntimeException | Error e) {
        LOG.log(Level.ERROR, file.path() + ": the completion of " + request + " failed", e);
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

  private static int toErrno(int error) {
    return switch (error) {
      case 0, Errno.EINVAL, Errno.ENOSPC, Errno.ENOTSUP -> error;
      case Posix.EDQUOT -> Errno.ENOSPC;
      default -> Errno.EIO;
    };
  }
}
