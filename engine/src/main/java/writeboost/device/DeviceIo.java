package writeboost.device;

/** How a {@link FileDevice} gets its I/O done. */
public enum DeviceIo {
  /** By a few threads, each in one system call. */
  THREADS,

  /** Through the kernel's io_uring, where there is one and I/O is direct; by threads otherwise. */
  IO_URING
}
