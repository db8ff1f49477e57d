package writeboost.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
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
    description = "A log-structured write-back cache for block storage, exported over NBD.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost serve backing.img cache.img 10 --backing-size 4G --cache-size 512M",
      "  writeboost serve --help"
    })
public final class Main implements Runnable {

  /** By name, in the order of the help. */
  private static final Map<String, Class<?>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("serve", ServeCommand.class);
    COMMANDS.put("format", FormatCommand.class);
    COMMANDS.put("check", CheckCommand.class);
    COMMANDS.put("dump", DumpCommand.class);
    COMMANDS.put("writeback", WritebackCommand.class);
    COMMANDS.put("status", StatusCommand.class);
    COMMANDS.put("message", MessageCommand.class);
    COMMANDS.put("table", TableCommand.class);
    COMMANDS.put("drain", DrainCommand.class);
    COMMANDS.put("suspend", SuspendCommand.class);
    COMMANDS.put("resume", ResumeCommand.class);
    COMMANDS.put("stop", StopCommand.class);
    COMMANDS.put("simulate", SimulateCommand.class);
  }

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
    CommandLine command = commandLine(args.length == 0 ? "" : args[0]);
    if (args.length > 0 && !args[0].startsWith("-") && !COMMANDS.containsKey(args[0])) {
      command.setParameterExceptionHandler(
          (e, unused) -> tell("there is no command '" + args[0] + "'; see 'writeboost --help'"));
    } else {
      command.setParameterExceptionHandler((e, unused) -> tell(e.getMessage() + hint(e)));
    }
    command.setExecutionExceptionHandler((e, unused, parsed) -> failed(e));
    int exitCode = command.execute(args);
    System.out.flush();
    System.err.flush();
    // Threads of a device that hangs would keep the process from ending in any gentler way.
    Runtime.getRuntime().halt(exitCode);
  }

  /** Only with the command that is asked for: to look at all of them is half of a start. */
  static CommandLine commandLine(String asked) {
    CommandLine main = new CommandLine(new Main());
    COMMANDS.forEach(
        (name, command) -> {
          if (name.equals(asked) || !COMMANDS.containsKey(asked)) {
            main.addSubcommand(name, command);
          }
        });
    return main;
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
