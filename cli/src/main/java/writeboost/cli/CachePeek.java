package writeboost.cli;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import writeboost.device.DeviceFile;
import writeboost.layout.Geometry;
import writeboost.layout.LapLayout;
import writeboost.layout.LapSuperblock;
import writeboost.layout.Layout;
import writeboost.layout.Superblock;
import writeboost.layout.UnusableCacheException;

/** Whether there is a cache on a device, before anything is done with it. */
final class CachePeek {

  private CachePeek() {}

  /**
   * The segment size order of the cache that is there; refuses what is none of that layout, or no
   * device at all.
   */
  static int order(Path path, Layout layout) throws IOException {
    try (DeviceFile _ = DeviceFile.open(path, /* readOnly= */ true);
        Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment block = arena.allocate(Geometry.BLOCK);
      channel.read(block.asByteBuffer(), 0);
      return layout == LapLayout.INSTANCE
          ? LapSuperblock.decode(block).order()
          : Superblock.decode(block).order();
    } catch (UnusableCacheException e) {
      if (e.kind() == UnusableCacheException.Kind.KERNEL) {
        return Geometry.KERNEL_ORDER;
      }
      if (e.kind() == UnusableCacheException.Kind.FOREIGN) {
        throw new UnusableCacheException(
            e.kind(), path + ": holds no writeboost cache; name the right device");
      }
      throw new UnusableCacheException(e.kind(), path + ": " + e.getMessage());
    }
  }

  /** True also for one that cannot be used: it is somebody's. */
  static boolean holdsCache(Path path) throws IOException {
    return holdsCache(path, /* unpairedToo= */ true);
  }

  /** As {@link #holdsCache}, and it belongs to a backing device, or may. */
  static boolean holdsPairedCache(Path path) throws IOException {
    return holdsCache(path, /* unpairedToo= */ false);
  }

  private static boolean holdsCache(Path path, boolean unpairedToo) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment block = arena.allocate(Geometry.BLOCK);
      channel.read(block.asByteBuffer(), 0);
      return Superblock.decode(block).isPaired() || unpairedToo;
    } catch (UnusableCacheException e) {
      return e.kind() != UnusableCacheException.Kind.FOREIGN;
    }
  }
}
