package writeboost.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.JMException;
import javax.management.ObjectName;
import writeboost.device.BlockDevice;
import writeboost.device.DeviceFile;
import writeboost.device.FileCreation;
import writeboost.device.FileDevice;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.volume.Volume;
import writeboost.volume.VolumeOptions;

/**
 * A process that fills a cache of any size, every line of it, and says what memory it has then. The
 * data of the lines is not kept: only headers are, in a sparse file. Runs on the main thread.
 */
final class MemoryProbe {

  private static final String RESIDENT = "VmRSS:";

  private MemoryProbe() {}

  /** Arguments: a file for the headers, created and removed; the size of the cache in bytes. */
  public static void main(String[] args) throws IOException, JMException {
    Path headers = Path.of(args[0]);
    long cacheBytes = Long.parseLong(args[1]);
    Geometry geometry = new Geometry(VolumeOptions.DEFAULT_ORDER, cacheBytes);
    // A power of two, and more than there are lines: each line is taken, the last ones again.
    long blocks = Long.highestOneBit(cacheBytes / Geometry.BLOCK - 1) << 1;
    FileCreation.sparse(headers, cacheBytes).close();
    try (BlockDevice backing = new ForgetfulDevice(blocks * Geometry.BLOCK);
        BlockDevice file = new FileDevice(DeviceFile.open(headers, false));
        BlockDevice cache = new HeadersOnlyDevice(file, geometry);
        Volume volume =
            Volume.open(
                backing,
                cache,
                InProcessWrites.options(headers.toString()),
                Formatter.Progress.NONE)) {
      InProcessWrites.writeEveryBlock(volume, blocks);
      returnSpareMemory();
      System.out.println(residentBytes());
      System.out.flush();
      Files.delete(headers);
      Runtime.getRuntime().halt(0); // write-back has much to do that nobody needs
    }
  }

  /**
   * What the compilers have taken and given back, some 20 MiB, now more, now less, is in the hands
   * of malloc: that it gives to the kernel.
   */
  private static void returnSpareMemory() throws JMException {
    ManagementFactory.getPlatformMBeanServer()
        .invoke(
            new ObjectName("com.sun.management:type=DiagnosticCommand"),
            "systemTrimNativeHeap",
            null,
            null);
  }

  private static long residentBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith(RESIDENT)) {
        String kib = line.substring(RESIDENT.length()).replace("kB", "").strip();
        return Long.parseLong(kib) * 1024;
      }
    }
    throw new IOException("/proc/self/status does not say what is resident");
  }
}
