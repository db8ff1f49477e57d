package writeboost.device;

import java.util.Locale;

/** How a {@link FileDevice} gets its I/O done. */
public enum DeviceIo {
  /** By a few threads, each in one system call. */
  THREADS,

  /** Through the kernel's io_uring, where there is one and I/O is direct; by threads otherwise. */
  IO_URING;

  /** The name that options have for it. */
  public String optionName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @throws IllegalArgumentException if none has that name; the message lists those there are
   */
  public static DeviceIo named(String optionName) {
    for (DeviceIo io : values()) {
      if (io.optionName().equals(optionName)) {
        return io;
      }
    }
    throw new IllegalArgumentException("must be threads or io_uring, not " + optionName);
  }
}
