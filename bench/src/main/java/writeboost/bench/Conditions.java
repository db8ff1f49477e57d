package writeboost.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** What a reader of the figures has to know. */
final class Conditions {

  private Conditions() {}

  /** In the order in which they are to be read. */
  static Map<String, String> now(boolean quick, boolean sparse, Path folder) throws IOException {
    Map<String, String> conditions = new LinkedHashMap<>();
    conditions.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    conditions.put("machine", Runtime.getRuntime().availableProcessors() + " CPUs, " + processor());
    conditions.put(
        "kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    conditions.put("java", Runtime.version().toString());
    conditions.put("load before", load());
    conditions.put("writeboost", commit());
    conditions.put("collector", collector());
    conditions.put("client", Programs.firstLine("fio", "--version"));
    conditions.put(
        "peers",
        Programs.firstLine("nbdkit", "--version")
            + "; "
            + Programs.firstLine("qemu-nbd", "--version"));
    conditions.put(
        "runs", quick ? "3 short rounds: for a first look" : "5 rounds, interleaved; medians");
    conditions.put(
        "files",
        (sparse ? "sparse, " : "written beforehand, ")
            + Files.getFileStore(folder).type()
            + ", direct I/O");
    return conditions;
  }

  /** Of the source tree, with a word where it has been changed since. */
  private static String commit() throws IOException {
    String tree = Path.of(Programs.writeboost()).resolveSibling(".").toString();
    return Programs.firstLine("git", "-C", tree, "describe", "--always", "--dirty");
  }

  /** Of the last 1, 5 and 15 minutes: how many wanted to run, whoever they belong to. */
  static String load() throws IOException {
    return Files.readString(Path.of("/proc/loadavg")).strip();
  }

  /** What collects garbage in this process, and in those that are started with its options. */
  static String collector() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .map(collector -> collector.getName())
        .collect(Collectors.joining(", "));
  }

  private static String processor() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
      if (line.startsWith("model name")) {
        return line.substring(line.indexOf(':') + 1).strip();
      }
    }
    return System.getProperty("os.arch");
  }
}
