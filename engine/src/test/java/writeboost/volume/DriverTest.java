package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.Superblock;

/** When the memory of a core may be given back. */
class DriverTest {

  private static final int BYTES = 4 << 20;

  /** The thread of a device that has answered may still be about to touch the core's memory. */
  @Test
  void isNotIdleWhileAThreadIsAtWork() throws IOException {
    try (Arena arena = Arena.ofShared();
        BlockDevice backing = new MemoryDevice(BYTES);
        BlockDevice cache = new MemoryDevice(BYTES)) {
      Superblock superblock =
          Superblock.create(new Geometry(7, BYTES), UUID.randomUUID(), BYTES, 0, 0);
      Blocking blocking = new Blocking(cache, "cache");
      Formatter.format(blocking, superblock, Formatter.Clearing.NOTHING, Formatter.Progress.NONE);
      Core core =
          Start.resume(blocking, false, 2, bytes -> arena.allocate(bytes, Geometry.BLOCK)).core();
      Driver driver = new Driver(core, cache, backing, new Timekeeper());
      boolean[] idleInside = {true};
      Request read = new Request(answered -> idleInside[0] = driver.isIdle());
      MemorySegment data = arena.allocate(Geometry.BLOCK, Geometry.BLOCK);
      driver.submit(new Request[] {read.set(Operation.READ, 0, 0, Geometry.BLOCK, data, 0)}, 1);
      assertThat(idleInside[0]).isFalse();
      assertThat(driver.isIdle()).isTrue();
    }
  }
}
