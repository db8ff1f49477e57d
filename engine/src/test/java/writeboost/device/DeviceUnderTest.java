package writeboost.device;

import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/** The devices that keep to one contract. */
enum DeviceUnderTest {
  MEMORY,
  /** Behind it, one that takes only units of 4 KiB. */
  SECTORS,
  DIRECT,
  BUFFERED,
  /** Direct I/O as on a disk with sectors of 4 KiB, on whatever disk there is. */
  DIRECT_4K,
  /** Through io_uring. */
  RING,
  RING_4K,
  RING_LOOP_512,
  LOOP_512,
  LOOP_4K;

  /** A device and what it stands on. */
  static final class Opened implements Closeable {
    final BlockDevice device;
    private final Closeable below;

    Opened(BlockDevice device, Closeable below) {
      this.device = device;
      this.below = below;
    }

    @Override
    public void close() throws IOException {
      device.close();
      below.close();
    }
  }

  Opened open(Path folder, long size) throws IOException {
    if (this == MEMORY) {
      return new Opened(new MemoryDevice(size), () -> {});
    }
    if (this == SECTORS) {
      return new Opened(new SectorDevice(new UnitsOnly(new MemoryDevice(size))), () -> {});
    }
    DeviceFile file = FileCreation.sparse(folder.resolve("device.img"), size);
    return switch (this) {
      case DIRECT, RING -> {
        assumeTrue(file.mode().direct(), "needs a file system with direct I/O");
        yield new Opened(open(file, file.mode()), () -> {});
      }
      case BUFFERED -> {
        DirectMode mode = DirectMode.buffered(file.descriptor(), 512, "as the test wants");
        yield new Opened(new FileDevice(file, mode, 3), () -> {});
      }
      case DIRECT_4K, RING_4K -> {
        assumeTrue(file.mode().direct(), "needs a file system with direct I/O");
        DirectMode mode = new DirectMode(true, 4096, 4096, "in units of 4 KiB");
        yield new Opened(open(file, mode), () -> {});
      }
      default -> {
        file.close();
        yield openLoop(file.path());
      }
    };
  }

  private Opened openLoop(Path file) throws IOException {
    LoopDevice loop = LoopDevice.attach(file, this == LOOP_4K ? 4096 : 512);
    try {
      DeviceFile opened = DeviceFile.open(loop.path(), false);
      return new Opened(open(opened, opened.mode()), loop);
    } catch (DeviceException e) {
      loop.close();
      throw e;
    }
  }

  private FileDevice open(DeviceFile file, DirectMode mode) {
    boolean ring = this == RING || this == RING_4K || this == RING_LOOP_512;
    FileDevice device =
        new FileDevice(
            file, mode, FileDevice.DEFAULT_THREADS, ring ? DeviceIo.IO_URING : DeviceIo.THREADS);
    if (ring && !device.description().endsWith("io_uring")) {
      device.close();
      abort("needs io_uring: " + device.description());
    }
    return device;
  }
}
