package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import writeboost.nbd.ExternalTool;

/** A small volume, made of two files of a folder, and a client for it. */
final class Serving {

  static final Duration LIMIT = Duration.ofSeconds(30);

  private Serving() {}

  /** Makes the files if they are not there. */
  static CommandRun start(Path folder, String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("serve", "backing", "cache", "7"));
    arguments.addAll(List.of("--listen", "nbd+unix:///?socket=s"));
    if (!List.of(options).contains("--read-only")) {
      arguments.addAll(List.of("--backing-size", "8M", "--cache-size", "4M"));
    }
    arguments.addAll(List.of(options));
    return new CommandRun(folder, arguments.toArray(String[]::new));
  }

  /** SIGTERM, and a good end. */
  static void stop(CommandRun server) throws Exception {
    server.signal("TERM");
    assertThat(server.exitCode()).as(server::errors).isZero();
  }

  /** Runs lines of Python with {@code h} connected; nothing is flushed that they do not flush. */
  static void client(String uri, String... lines) throws Exception {
    ExternalTool nbdsh = ExternalTool.find("nbdsh");
    List<String> arguments = new ArrayList<>(List.of("-u", uri));
    for (String line : lines) {
      arguments.addAll(List.of("-c", line));
    }
    nbdsh.run(LIMIT, arguments.toArray(String[]::new)).expectSuccess();
  }
}
