package writeboost.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a reader of the figures has to know. */
final class Conditions {

  private Conditions() {}

  /** In the order in which they are to be read. */
  static Map<String, String> of(Options options) throws IOException {
    Map<String, String> conditions = new LinkedHashMap<>();
    conditions.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    conditions.put("machine", Runtime.getRuntime().availableProcessors() + " CPUs, " + processor());
    conditions.put(
        "kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    conditions.put("java", Runtime.version().toString());
    conditions.put("load before", Files.readString(Path.of("/proc/loadavg")).strip());
    if (Compare.hasClients(options)) {
      ofClients(options, conditions);
    }
    return conditions;
  }

  private static void ofClients(Options options, Map<String, String> conditions)
      throws IOException {
    conditions.put("client", Programs.firstLine("fio", "--version"));
    conditions.put("peers", Programs.firstLine("nbdkit", "--version"));
    conditions.put(
        "runs",
        "%d rounds, interleaved, each at most %d s; %d discarded before"
            .formatted(options.rounds(), options.seconds(), Compare.WARM_UPS));
    conditions.put(
        "writeboost",
        "volume 2 GiB, cache a file of 16 GiB (%s), backing one actuator of 5 ms per I/O"
            .formatted(options.sparseCache() ? "sparse" : "written beforehand"));
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
