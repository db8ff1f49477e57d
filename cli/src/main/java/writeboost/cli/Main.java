package writeboost.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code writeboost} command. Runs on the main thread. */
@Command(
    name = "writeboost",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "A log-structured write-back cache for block storage, exported over NBD.")
public final class Main implements Runnable {

  /** Reads the version from the jar that this class came in. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"writeboost " + (version == null ? "(unpackaged)" : version)};
    }
  }

  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls run
  @Spec
  private CommandSpec spec;

  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a subcommand is missing");
  }
}
