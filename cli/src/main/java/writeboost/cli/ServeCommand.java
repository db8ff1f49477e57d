package writeboost.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import writeboost.device.DeviceIo;
import writeboost.device.FileDevice;
import writeboost.layout.LapLayout;
import writeboost.layout.Layout;
import writeboost.nbd.Export;
import writeboost.nbd.ServerOptions;
import writeboost.nbd.Tls;
import writeboost.volume.Tunables;
import writeboost.volume.VolumeOptions;

/** {@code writeboost serve}: what the command line says, checked. Runs on the main thread. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    description = "Serves BACKING, cached by CACHE, as a network block device (NBD).",
    footerHeading = "%nExamples:%n",
    footer = {
      "  New files; clients connect to /run/writeboost/backing.img.sock:",
      "    writeboost serve backing.img cache.img --backing-size 4G --cache-size 512M",
      "  A disk and a partition of an SSD, by name and over TCP on this machine:",
      "    writeboost serve /dev/sdb /dev/nvme0n1p4 \\",
      "      --name home --listen nbd://127.0.0.1:10809",
      "  Over TCP to other machines, with TLS; only clients with a certificate:",
      "    writeboost serve /dev/sdb /dev/nvme0n1p4 --listen nbds://0.0.0.0:10809 \\",
      "      --tls-cert server.pem --tls-key server.key \\",
      "      --tls-ca ca.pem --tls-verify-peer",
      "  A disk image that another server exports (nbd:// works too):",
      "    writeboost serve 'nbd+unix:///?socket=/run/image.sock' /dev/nvme0n1p4",
      "  A cache of the dm-writeboost kernel module, from now on with writeboost:",
      "    writeboost serve /dev/sdb /dev/nvme0n1p4 --adopt",
      "  With other tunables than usual (docs/OPERATION.md lists them):",
      "    writeboost serve backing.img cache.img --set migrate_threshold=50",
      "  To look at a volume without changing a byte:",
      "    writeboost serve backing.img cache.img --read-only",
      "",
      "A SIZE is in bytes, or in units of 1024 as 512K, 512M, 4G, 1T.",
      "Prints one line beginning with 'ready' once clients can connect. SIGTERM or",
      "Ctrl-C stops it: what is in RAM is saved to the cache device.",
      "Exit codes: 0 ok, 1 failure, 2 usage."
    })
final class ServeCommand implements Callable<Integer> {

  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls call
  @Spec
  private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "BACKING",
      description =
          "The large slow device: a file, a block device, or an export of another server:%n"
              + "nbd://HOST:PORT/EXPORT%nnbd+unix:///EXPORT?socket=PATH%nwith TLS: nbds,"
              + " nbds+unix")
  private String backing = "";

  @Parameters(
      index = "1",
      paramLabel = "CACHE",
      description = "The small fast device: a file or a block device.")
  private Path cache = Path.of("");

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "ORDER",
      description =
          "Segments are 2^ORDER sectors: 4 (8 KiB) to 10 (512 KiB), with --layout v1 to 11."
              + " Default: 10.")
  private int order = VolumeOptions.DEFAULT_ORDER;

  @Option(
      names = "--listen",
      paramLabel = "URI",
      description =
          "nbd+unix:///EXPORT?socket=PATH or%nnbd://HOST:PORT, with TLS nbds+unix or nbds; may be"
              + " repeated. Default: a Unix socket NAME.sock in $XDG_RUNTIME_DIR/writeboost (root:"
              + " always /run/writeboost).")
  private List<String> listen = new ArrayList<>();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name of the export. Default: the backing file's or export's name.")
  private @Nullable String name;

  @Option(
      names = "--layout",
      paramLabel = "v1|v2",
      description =
          "Layout when formatting; default v2. v1 is that of 2013, without checksums; such a cache"
              + " does not say whose it is, and is served only with --layout v1.")
  private String layout = "v2";

  @Option(
      names = "--backing-size",
      paramLabel = "SIZE",
      converter = Size.class,
      description = "Create BACKING, sparse, if it does not exist.")
  private @Nullable Long backingSize;

  @Option(
      names = Backing.NO_FLUSH_OPTION,
      description =
          "Take a BACKING over NBD that cannot flush: what its server has acknowledged counts as"
              + " written back, and is lost if the server loses it.")
  private boolean backingNoFlush;

  @Option(
      names = "--cache-size",
      paramLabel = "SIZE",
      converter = Size.class,
      description = "Create CACHE, zero-filled, if it does not exist.")
  private @Nullable Long cacheSize;

  @Option(names = "--sparse-cache", description = "Do not zero-fill a new CACHE.")
  private boolean sparseCache;

  @Option(
      names = "--ram-buffers",
      paramLabel = "SIZE",
      converter = Size.class,
      description = "RAM for segments on their way to CACHE. Default: 64M.")
  private long ramBuffers = VolumeOptions.DEFAULT_RAM_BUFFER_BYTES;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Set a tunable; may be repeated. 'message' sets it while the server runs.")
  private List<String> settings = new ArrayList<>();

  @Option(
      names = ControlSocket.OPTION,
      paramLabel = "PATH",
      description =
          "Socket for status, message, drain and the like. Default: NAME.ctl beside the default"
              + " listen socket.")
  private @Nullable Path control;

  @Option(names = "--read-only", description = "Write nothing to either device.")
  private boolean readOnly;

  @Option(
      names = "--adopt",
      description =
          "Take over a CACHE that the dm-writeboost kernel module (2.x) wrote, for good. That"
              + " BACKING belongs to it cannot be checked: be sure.")
  private boolean adopt;

  @Option(
      names = "--salvage",
      description =
          "Where CACHE is damaged, use the part of its log before the damage; list what is not"
              + " used.")
  private boolean salvage;

  @Option(
      names = "--fail-when-full",
      description =
          "While BACKING is in trouble and the cache is full, answer writes with an error (ENOSPC)"
              + " instead of letting them wait.")
  private boolean failWhenFull;

  @Option(
      names = "--device-io",
      paramLabel = "io_uring|threads",
      description =
          "How files and block devices are read and written. Default: io_uring, and threads where"
              + " the kernel does not let us use that.")
  private String deviceIo = FileDevice.DEFAULT_IO.optionName();

  @Option(
      names = "--poll-us",
      paramLabel = "MICROSECONDS",
      description =
          "How long to look for a client's next request before going to sleep, 0 to 1000; default"
              + " 0. Faster for clients that wait for each answer (20 to 100 is usual); costs"
              + " processor time.")
  private int pollMicros;

  @Option(
      names = "--insecure",
      description = "Allow TCP, unencrypted, on other addresses than loopback.")
  private boolean insecure;

  @ArgGroup(exclusive = false, heading = "%nTLS to BACKING:%n")
  private final BackingTlsOptions backingTls = new BackingTlsOptions();

  @ArgGroup(exclusive = false, heading = "%nTLS to clients:%n")
  private final TlsOptions tlsOptions = new TlsOptions();

  /** Null if clients come without. */
  private @Nullable Tls tls;

  /** What the volume is called without --name. */
  private String backingName = "";

  @Override
  public Integer call() throws CommandFailure, IOException {
    Layout chosen = layout();
    Backing place = Backing.parse(backing, backingSize, backingNoFlush, backingTls.load());
    backingName = place.volumeName();
    tls = tlsOptions.load();
    ControlSocket controlSocket =
        new ControlSocket(control == null ? null : control.toAbsolutePath(), socketName());
    List<ListenAddress> addresses = addresses(controlSocket);
    String export = export(addresses);
    checkSockets(addresses);
    return new Server(
            place,
            new Devices.Wanted("cache", cache.toAbsolutePath(), cacheSize),
            new Server.Settings(
                order,
                chosen,
                readOnly,
                sparseCache,
                ramBuffers,
                addresses,
                export,
                adopt,
                salvage,
                tunables(),
                failWhenFull,
                deviceIo(),
                poll(),
                tls),
            new Served(socketName(), place.name(), cache.toAbsolutePath(), order, given()),
            controlSocket)
        .run();
  }

  private Layout layout() throws CommandFailure {
    Layout chosen = LayoutOption.named(layout, order, "the segment size order");
    if (adopt && chosen == LapLayout.INSTANCE) {
      throw CommandFailure.usage("--adopt is for caches of layout v2; leave out one of the two");
    }
    return chosen;
  }

  private DeviceIo deviceIo() throws CommandFailure {
    try {
      return DeviceIo.named(deviceIo);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("--device-io " + e.getMessage());
    }
  }

  private Duration poll() throws CommandFailure {
    Duration poll = Duration.of(pollMicros, ChronoUnit.MICROS);
    if (poll.isNegative() || poll.compareTo(ServerOptions.LONGEST_POLL) > 0) {
      throw CommandFailure.usage(
          "--poll-us %d: takes 0 to %d"
              .formatted(pollMicros, ServerOptions.LONGEST_POLL.toNanos() / 1000));
    }
    return poll;
  }

  private List<ListenAddress> addresses(ControlSocket controlSocket) throws CommandFailure {
    List<ListenAddress> addresses = new ArrayList<>();
    for (String uri : listen) {
      ListenAddress address = ListenAddress.parse(uri, tls != null);
      if (address instanceof ListenAddress.Tcp tcp
          && !tcp.isLoopback()
          && tls == null
          && !insecure) {
        throw CommandFailure.usage(
            "--listen "
                + uri
                + ": TCP here is neither encrypted nor authenticated; give "
                + TlsOptions.BOTH
                + ", or listen on 127.0.0.1 or a Unix socket, or say --insecure");
      }
      addresses.add(address);
    }
    if (addresses.isEmpty()) {
      Path folder = SocketDirectory.open(Listeners.OPTION_URI);
      controlSocket.requireFreeIn(folder);
      addresses.add(new ListenAddress.Unix("", folder.resolve(socketName() + ".sock")));
    }
    return addresses;
  }

  private void checkSockets(List<ListenAddress> addresses) throws CommandFailure {
    Set<Path> paths = new HashSet<>();
    if (control != null) {
      paths.add(control.toAbsolutePath().normalize());
    }
    for (ListenAddress address : addresses) {
      if (address instanceof ListenAddress.Unix unix) {
        UnixSocket.check(unix.path(), Listeners.OPTION);
        if (!paths.add(unix.path().normalize())) {
          throw CommandFailure.usage(
              "%s: is to be two sockets; give each %s and %s a path of its own"
                  .formatted(unix.path(), Listeners.OPTION, ControlSocket.OPTION));
        }
      }
    }
  }

  /** What the server's sockets are called at their usual place. */
  private String socketName() {
    return (name == null || name.isEmpty() ? backingName : name).replace('/', '_');
  }

  private Tunables tunables() throws CommandFailure {
    Tunables tunables = Tunables.STANDARD;
    for (String setting : settings) {
      tunables = TunableSetting.apply(tunables, setting);
    }
    return tunables;
  }

  /** The options of the command line, each with its value. */
  private List<String> given() {
    List<String> given = new ArrayList<>();
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptionsSet()) {
      if (option.arity().max() == 0) {
        given.add(option.longestName());
      } else {
        for (String value : option.originalStringValues()) {
          given.add(option.longestName());
          given.add(value);
        }
      }
    }
    return given;
  }

  /** What the addresses, or else --name, call the export; they must not contradict each other. */
  private String export(List<ListenAddress> addresses) throws CommandFailure {
    String export = name == null ? "" : name;
    for (ListenAddress address : addresses) {
      if (!address.export().isEmpty() && !export.isEmpty() && !export.equals(address.export())) {
        throw CommandFailure.usage(
            "the export cannot be called both '%s' and '%s'".formatted(export, address.export()));
      }
      export = export.isEmpty() ? address.export() : export;
    }
    if (!Export.isShort(export)) {
      throw CommandFailure.usage(
          "the export's name is too long (at most %d bytes); give a shorter one"
              .formatted(Export.MAX_TEXT_BYTES));
    }
    return export.isEmpty() && name == null ? backingName : export;
  }
}
