package writeboost.bench.device;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import writeboost.device.DeviceFile;
import writeboost.device.DeviceIo;
import writeboost.device.FileCreation;
import writeboost.device.FileDevice;

/** The command {@code bench/devices}. Runs on the main thread. */
final class DeviceComparison {

  private static final String USAGE =
      """
      usage: bench/devices [--quick] [--dir DIR]

      Measures the two ways in which the server can do the I/O of its devices (its option
      --device-io) side by side: threads, and the kernel's io_uring. In this process, on a file
      of 1 GiB with direct I/O; docs/BENCHMARKS.md says how to read the figures.

        --quick      3 rounds of 0.3 s each, not 7 of 1 s: for a first look
        --dir DIR    where the file goes, removed at the end; default /var/tmp

      Examples:
        bench/devices --quick
        bench/devices --dir /mnt/ssd
      """;

  private static final long FILE_BYTES = 1L << 30;
  private static final Path FOLDER = Path.of("/var/tmp");
  private static final int WARM_UPS = 2;

  private final int rounds;
  private final long runMs;
  private final Path file;
  private String ringDescription = "";

  private DeviceComparison(boolean quick, Path file) {
    this.rounds = quick ? 3 : 7;
    this.runMs = quick ? 300 : 1000;
    this.file = file;
  }

  public static void main(String[] args) {
    boolean quick = false;
    Path folder = FOLDER;
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--help" -> {
          System.out.print(USAGE);
          return;
        }
        case "--quick" -> quick = true;
        case "--dir" -> folder = Path.of(++i < args.length ? args[i] : "");
        default -> {
          System.err.println("bench/devices: unknown argument " + args[i] + "; see --help");
          System.exit(2);
        }
      }
    }
    try {
      compare(quick, folder);
    } catch (IOException e) {
      System.err.println("bench/devices: " + e.getMessage());
      System.exit(1);
    }
  }

  private static void compare(boolean quick, Path folder) throws IOException {
    if (!Files.isDirectory(folder) || folder.toString().isEmpty()) {
      throw new IOException("'%s' is not a folder; give one with --dir".formatted(folder));
    }
    Path own = Files.createTempDirectory(folder, "writeboost-bench-");
    Path file = own.resolve("device.img");
    Thread cleanUp = new Thread(() -> remove(file, own), "clean up"); // on Ctrl-C, too
    Runtime.getRuntime().addShutdownHook(cleanUp);
    System.err.println("bench/devices: writing the file");
    FileCreation.allocated(file, FILE_BYTES, done -> {}).close();
    new DeviceComparison(quick, file).run();
  }

  private static void remove(Path file, Path folder) {
    try {
      Files.deleteIfExists(file);
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      System.err.println("bench/devices: remove it by hand: " + e.getMessage());
    }
  }

  private void run() throws IOException {
    print("%-12s %s%n", "load before", Files.readString(Path.of("/proc/loadavg")).strip());
    print(
        "%-12s %d CPUs, Linux %s, Java %s%n",
        "machine",
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.version"),
        Runtime.version());
    print("%-12s %d rounds of %d ms each, interleaved; medians%n", "runs", rounds, runMs);
    for (Load load : Load.values()) {
      Map<DeviceIo, List<LoadRun.Figures>> figures = new EnumMap<>(DeviceIo.class);
      for (int round = -WARM_UPS; round < rounds; round++) {
        for (DeviceIo io : DeviceIo.values()) {
          LoadRun.Figures run = once(load, io);
          if (round >= 0) {
            figures.computeIfAbsent(io, unused -> new ArrayList<>()).add(run);
          }
        }
      }
      report(load, figures);
    }
  }

  private LoadRun.Figures once(Load load, DeviceIo io) throws IOException {
    try (FileDevice device = new FileDevice(DeviceFile.open(file, false), io);
        Arena arena = Arena.ofShared()) {
      if (io == DeviceIo.IO_URING && ringDescription.isEmpty()) {
        ringDescription = device.description();
        print("%-12s %s%n%n", "io_uring", ringDescription);
        print(
            "%-30s %10s %10s %6s %9s %9s %6s%n",
            "", "threads", "io_uring", "", "threads", "io_uring", "");
        print(
            "%-30s %10s %10s %6s %9s %9s %6s%n",
            "", "IOPS", "IOPS", "ratio", "CPU us", "CPU us", "ratio");
      }
      return new LoadRun(load, device, arena).measure(runMs);
    }
  }

  private static void report(Load load, Map<DeviceIo, List<LoadRun.Figures>> figures) {
    double threadsIops = median(figures, DeviceIo.THREADS, LoadRun.Figures::iops);
    double ringIops = median(figures, DeviceIo.IO_URING, LoadRun.Figures::iops);
    double threadsCpu = median(figures, DeviceIo.THREADS, LoadRun.Figures::cpuMicros);
    double ringCpu = median(figures, DeviceIo.IO_URING, LoadRun.Figures::cpuMicros);
    print(
        "%-30s %10.0f %10.0f %6.2f %9.1f %9.1f %6.2f%n",
        load.title,
        threadsIops,
        ringIops,
        ringIops / threadsIops,
        threadsCpu,
        ringCpu,
        ringCpu / threadsCpu);
  }

  private static double median(
      Map<DeviceIo, List<LoadRun.Figures>> figures,
      DeviceIo io,
      ToDoubleFunction<LoadRun.Figures> figure) {
    double[] sorted = figures.getOrDefault(io, List.of()).stream().mapToDouble(figure).toArray();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2]; // of an odd number
  }

  private static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format, values);
    System.out.flush();
  }
}
