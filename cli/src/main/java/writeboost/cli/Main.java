package writeboost.cli;

import java.io.IOException;
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
    subcommands = {
      ServeCommand.class,
      FormatCommand.class,
      CheckCommand.class,
      DumpCommand.class,
      WritebackCommand.class,
      StatusCommand.class,
      MessageCommand.class,
      TableCommand.class,
      DrainCommand.class,
      SuspendCommand.class,
      ResumeCommand.class,
      StopCommand.class,
      SimulateCommand.class
    },
    description = "A log-structured write-back cache for block storage, exported over NBD.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost serve backing.img cache.img 10 --backing-size 4G --cache-size 512M",
      "  writeboost serve --help"
    })
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
    CommandLine command = new CommandLine(new Main());
    command.setParameterExceptionHandler((e, unused) -> tell(e.getMessage() + hint(e)));
    command.setExecutionExceptionHandler((e, unused, parsed) -> failed(e));
    int exitCode = command.execute(args);
    System.out.flush();
    System.err.flush();
    // Threads of a device that hangs would keep the process from ending in any gentler way.
    Runtime.getRuntime().halt(exitCode);
  }

  private static String hint(ParameterException e) {
    return "; see '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'";
  }

  private static int tell(String message) {
    Messages.print(message);
    return CommandFailure.USAGE;
  }

  private static int failed(Exception e) {
    if (Messages.DEBUG) {
      e.printStackTrace();
    }
    if (e instanceof CommandFailure failure) {
      tell(failure.line());
      return failure.exitCode();
    }
    tell(
        e instanceof IOException
            ? String.valueOf(e.getMessage())
            : "unexpected: " + e + " (WRITEBOOST_DEBUG=1 shows where)");
    return CommandFailure.FAILURE;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a subcommand is missing");
  }
}
