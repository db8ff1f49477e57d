package writeboost.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;

/**
 * How tests start the command in a process of its own: as the launcher does, from the classes under
 * test. They do so hundreds of times; so the JVM keeps, here too, what a rehearsal has taught it,
 * and does without the compiler that takes most of the time of one that lives for seconds. (The
 * engine's tests, and the launcher's own, have all compilers.)
 */
public final class JavaCommand {

  private static final int LIMIT_S = 60;

  private static final List<String> START = prepare();

  private JavaCommand() {}

  /**
   * The command line up to the command's own arguments.
   *
   * @param options of the JVM, beside those that the launcher always has
   */
  public static List<String> with(String... options) {
    List<String> command = new ArrayList<>(START);
    command.addAll(1, List.of(options));
    return command;
  }

  private static List<String> prepare() {
    try {
      Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "start");
      folder.toFile().deleteOnExit();
      List<String> jars = jars(folder);
      Path learnt = removedAtExit(folder.resolve("start.aot"));
      rehearse(folder, start(jars, "-XX:AOTCacheOutput=" + learnt));
      return start(jars, "-XX:AOTCache=" + learnt);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> start(List<String> jars, String learning) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-XX:-UsePerfData"));
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(
        List.of("-Xlog:disable", "-Xlog:all=warning,aot*=off,cds*=off:stderr", learning));
    jars.stream()
        .filter(jar -> Path.of(jar).getFileName().toString().startsWith("picocli-"))
        .forEach(picocli -> command.add("-Xbootclasspath/a:" + picocli));
    command.addAll(List.of("-cp", String.join(File.pathSeparator, jars), "writeboost.cli.Main"));
    return command;
  }

  /** The class path without tests; what the JVM learns it keeps for classes in jars only. */
  private static List<String> jars(Path folder) {
    ToolProvider jar = ToolProvider.findFirst("jar").orElseThrow();
    List<String> jars = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path path = Path.of(entry);
      if (!Files.isDirectory(path)) {
        jars.add(entry);
      } else if (path.endsWith("classes")) {
        Path packed = removedAtExit(folder.resolve("classes-" + jars.size() + ".jar"));
        int code = jar.run(System.out, System.err, "-cf", packed.toString(), "-C", entry, ".");
        if (code != 0) {
          throw new IllegalStateException("jar failed on " + entry);
        }
        jars.add(packed.toString());
      }
    }
    return jars;
  }

  private static Path removedAtExit(Path file) {
    file.toFile().deleteOnExit();
    return file;
  }

  /** Serves something, and stops. */
  private static void rehearse(Path folder, List<String> start) throws IOException {
    List<Path> left = new ArrayList<>();
    for (String name : List.of("backing", "cache", "socket", "control", "errors")) {
      left.add(folder.resolve(name));
    }
    List<String> command = new ArrayList<>(start);
    command.addAll(List.of("serve", left.get(0).toString(), left.get(1).toString()));
    command.addAll(List.of("--backing-size", "1M", "--cache-size", "4M"));
    command.addAll(List.of("--listen", "nbd+unix:///?socket=" + left.get(2)));
    command.addAll(List.of("--control", left.get(3).toString()));
    Process process = new ProcessBuilder(command).redirectError(left.get(4).toFile()).start();
    try {
      String ready = String.valueOf(process.inputReader().readLine());
      process.destroy();
      if (!ready.startsWith("ready ") || !process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
        throw new IOException("no rehearsal: " + ready + Files.readString(left.get(4)));
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    } finally {
      process.destroyForcibly();
      for (Path file : left) {
        Files.deleteIfExists(file);
      }
    }
  }
}
