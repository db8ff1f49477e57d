package writeboost.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * What a {@link BenchServer} serves.
 *
 * @param cache a file that is there
 * @param backing what the backing device is
 * @param cacheBytesPerS that the cache device takes and gives; 0 for as much as it can
 */
record Setup(Path cache, long volumeBytes, Backing backing, long cacheBytesPerS) {

  /** Backing devices; all keep their data in RAM. */
  enum Backing {
    /** One I/O at a time, 5 ms each. */
    ACTUATOR,
    /** {@link writeboost.simulate.RotatingDisk} over the size of the volume. */
    DISK,
    /** Takes no time. */
    MEMORY
  }

  /** Write-back cannot keep up, so that what is measured is the log. */
  static Setup actuator(Path cache, long volumeBytes) {
    return new Setup(cache, volumeBytes, Backing.ACTUATOR, 0);
  }

  static Setup of(Path cache, long volumeBytes, Backing backing) {
    return new Setup(cache, volumeBytes, backing, 0);
  }

  Setup withCacheBytesPerS(long limit) {
    return new Setup(cache, volumeBytes, backing, limit);
  }

  /** For the command line of a {@link BenchServer}. */
  List<String> arguments() {
    return List.of(cache.toString(), "" + volumeBytes, backing.name(), "" + cacheBytesPerS);
  }

  static Setup parse(List<String> arguments) {
    return new Setup(
        Path.of(arguments.get(0)),
        Long.parseLong(arguments.get(1)),
        Backing.valueOf(arguments.get(2)),
        Long.parseLong(arguments.get(3)));
  }
}
