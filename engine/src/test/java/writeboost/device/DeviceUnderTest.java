package writeboost.device;

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
      case DIRECT -> {
        assumeTrue(file.mode().direct(), "needs a file system with direct I/O");
        yield new Opened(new FileDevice(file), () -> {});
      }
      case BUFFERED -> {
        DirectMode mode = DirectMode.buffered(file.descriptor(), 512, "as the test wants");
        yield new Opened(new FileDevice(file, mode, 3), () -> {});
      }
      case DIRECT_4K -> {
        assumeTrue(file.mode().direct(), "needs a file system with direct I/O");
        DirectMode mode = new DirectMode(true, 4096, 4096, "in units of 4 KiB");
        yield new Opened(new FileDevice(file, mode, 4), () -> {});
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
      return new Opened(new FileDevice(DeviceFile.open(loop.path(), false)), loop);
    } catch (DeviceException e) {
      loop.close();
      throw e;
    }
  }
}
