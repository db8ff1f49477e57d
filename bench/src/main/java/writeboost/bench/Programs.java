package writeboost.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** The programs that a comparison runs, and the Debian packages that they come in. */
final class Programs {

  private static final Map<String, String> PACKAGES =
      Map.of("fio", "fio", "nbdkit", "nbdkit", "taskset", "util-linux");

  private Programs() {}

  /** Debian packages that are not installed, sorted. */
  static List<String> missingPackages(String searchPath) {
    TreeSet<String> missing = new TreeSet<>();
    PACKAGES.forEach(
        (program, debianPackage) -> {
          if (!isInstalled(program, searchPath)) {
            missing.add(debianPackage);
          }
        });
    return List.copyOf(missing);
  }

  private static boolean isInstalled(String program, String searchPath) {
    for (String folder : searchPath.split(":", -1)) {
      if (Files.isExecutable(Path.of(folder, program))) {
        return true;
      }
    }
    return false;
  }

  /** The first line of what {@code command} prints. */
  static String firstLine(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return text.lines().findFirst().orElse("").strip();
  }
}
