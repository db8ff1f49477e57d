package writeboost.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** The programs that a comparison runs, and the Debian packages that they come in. */
final class Programs {

  private static final Map<String, String> PACKAGES =
      Map.of(
          "fio", "fio",
          "nbdkit", "nbdkit",
          "qemu-nbd", "qemu-utils",
          "taskset", "util-linux");

  private Programs() {}

  /** Says what to install where one of {@code programs} is missing. */
  static void require(List<String> programs) throws IOException {
    List<String> missing = missingPackages(programs, System.getenv().getOrDefault("PATH", ""));
    if (!missing.isEmpty()) {
      throw new IOException(
          "needs programs that are missing: apt-get install " + String.join(" ", missing));
    }
  }

  /** Debian packages that are not installed, sorted. */
  static List<String> missingPackages(List<String> programs, String searchPath) {
    TreeSet<String> missing = new TreeSet<>();
    for (String program : programs) {
      if (!isInstalled(program, searchPath)) {
        missing.add(PACKAGES.getOrDefault(program, program));
      }
    }
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

  /** A JVM like this one, with the same options, and others, and the same classes. */
  static List<String> java(String... others) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of(others));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    return command;
  }

  /** The command of this source tree; whoever started this says where it is. */
  static String writeboost() throws IOException {
    String command = System.getenv("WRITEBOOST");
    if (command == null) {
      throw new IOException("the variable WRITEBOOST has to name the command; use bench/compare");
    }
    return command;
  }

  /** The first line of what {@code command} prints; says so where there is no such program. */
  static String firstLine(String... command) throws IOException {
    if (!isInstalled(command[0], System.getenv().getOrDefault("PATH", ""))) {
      return command[0] + " is not installed";
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return text.lines().findFirst().orElse("").strip();
  }
}
