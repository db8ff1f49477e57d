package writeboost.cli;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.device.DeviceIo;
import writeboost.device.FileDevice;
import writeboost.device.Posix;
import writeboost.layout.Layout;
import writeboost.log.Recovery;
import writeboost.nbd.Export;
import writeboost.nbd.MetaContext;
import writeboost.nbd.NbdServer;
import writeboost.nbd.ServerOptions;
import writeboost.nbd.Tls;
import writeboost.volume.Snapshot;
import writeboost.volume.Start;
import writeboost.volume.Tunables;
import writeboost.volume.Volume;
import writeboost.volume.VolumeOptions;

/**
 * A served volume from its start to its stop. Runs on the main thread.
 *
 * <p>Nothing is written before everything that can be refused has been looked at: devices opened
 * and locked, sizes checked, sockets bound; only then are missing files created, and the cache is
 * opened.
 */
final class Server {

  private static final System.Logger LOG = System.getLogger("writeboost");

  private static final int OWNER_ONLY = 0077;

  /** Clients can ask where blocks are: absent, clean, dirty, zero (volume.BlockState). */
  private static final String STATE_CONTEXT = "x-writeboost:state";

  /** For clients that asked for the stop to be told how it ended. */
  private static final long TELL_MS = 1000;

  /** What the command line says beside the two devices. */
  record Settings(
      int order,
      Layout layout,
      boolean readOnly,
      boolean sparseCache,
      long ramBufferBytes,
      List<ListenAddress> addresses,
      String export,
      boolean adopt,
      boolean salvage,
      Tunables tunables,
      boolean failWhenFull,
      DeviceIo deviceIo,
      Duration poll,
      @Nullable Tls tls) {}

  private final Backing backing;
  private final Devices.Wanted cache;
  private final Settings settings;
  private final Served served;
  private final ControlSocket control;

  /**
   * @param served what the control socket says of it
   */
  Server(
      Backing backing,
      Devices.Wanted cache,
      Settings settings,
      Served served,
      ControlSocket control) {
    this.backing = backing;
    this.cache = cache;
    this.settings = settings;
    this.served = served;
    this.control = control;
  }

  /** Serves until it is told to stop; the exit code. */
  int run() throws CommandFailure, IOException {
    StopSignal stop = StopSignal.install();
    Posix.restrictNewFiles(OWNER_ONLY);
    Devices devices =
        Devices.open(backing, cache, settings.layout, settings.order, settings.readOnly);
    Listeners listeners = new Listeners();
    boolean served = false;
    try {
      MemoryNeed need =
          MemoryNeed.of(devices.geometry(settings.layout, settings.order), settings.ramBufferBytes);
      need.require(cache.path(), Memory.limitBytes());
      listeners.begin(settings.addresses);
      control.begin();
      devices.createMissing(settings.sparseCache, stop);
      int exitCode = serve(devices, listeners, need, stop);
      served = true;
      return exitCode;
    } catch (StoppedException e) {
      throw CommandFailure.failure("stopped before it was ready; what it had created is removed");
    } finally {
      if (!served) {
        // Otherwise write-back may still be at work on the devices: they close with the process.
        control.close();
        listeners.close();
        devices.close();
      }
    }
  }

  private int serve(Devices devices, Listeners listeners, MemoryNeed need, StopSignal stop)
      throws CommandFailure, IOException {
    BlockDevice backingDevice = devices.backingDevice(settings.deviceIo);
    FileDevice cacheDevice = new FileDevice(devices.cache(), settings.deviceIo);
    Volume volume = open(devices, backingDevice, cacheDevice, stop);
    try {
      listeners.complete(settings.addresses);
      control.open();
      stop.check();
    } catch (CommandFailure | StoppedException e) {
      volume.close();
      throw e;
    }
    devices.keep();
    report(volume, backingDevice, cacheDevice);
    report(need);
    StopRequest stopRequest = new StopRequest(stop);
    RequestLatencies latencies = new RequestLatencies();
    NbdServer server =
        NbdServer.start(
            volume,
            new Export(
                settings.export,
                description(),
                settings.readOnly,
                List.of(new MetaContext(STATE_CONTEXT, volume::states))),
            ServerOptions.DEFAULTS
                .withPoll(settings.poll)
                .withLatencies(latencies)
                .withTls(settings.tls));
    ServedVolume servedVolume =
        new ServedVolume(volume, served, need, server, latencies, devices.remote(), stopRequest);
    for (ServerSocketChannel channel : listeners.channels()) {
      server.listen(channel);
    }
    control.serve(servedVolume);
    warnOfTcp();
    System.out.println("ready " + listeners.uris(settings.export, settings.tls != null));
    System.out.flush();
    watch(volume, servedVolume, stop);
    Stop.Result result =
        new Stop(server, volume, listeners, stop, cache.path(), stopRequest.drains()).run();
    control.close();
    stopRequest.ended(result, TELL_MS);
    return result.exitCode();
  }

  /** For people; a path, or another server's address, may be longer than clients take. */
  private String description() {
    String full = "writeboost " + backing.name();
    return Export.isShort(full) ? full : "writeboost";
  }

  private Volume open(
      Devices devices, BlockDevice backingDevice, FileDevice cacheDevice, StopSignal stop)
      throws IOException {
    String work = (settings.adopt ? "reading " : "formatting ") + cache.path();
    Progress progress = new Progress(work, cacheDevice.size(), stop);
    try {
      return Volume.open(
          backingDevice,
          cacheDevice,
          new VolumeOptions(
                  settings.order,
                  settings.readOnly,
                  settings.ramBufferBytes,
                  devices.cache().created(),
                  devices.backingCreated(),
                  cache.path().toString(),
                  backing.name())
              .withKernelCache(
                  settings.adopt
                      ? VolumeOptions.KernelCache.ADOPT
                      : VolumeOptions.KernelCache.REFUSE)
              .withSalvage(settings.salvage)
              .withLayout(settings.layout)
              .withTunables(settings.tunables)
              .withFailWhenFull(settings.failWhenFull),
          (done, total) -> progress.at(done));
    } finally {
      progress.end();
    }
  }

  private void report(Volume volume, BlockDevice backingDevice, FileDevice cacheDevice) {
    LOG.log(
        Level.INFO,
        "backing {0}: {1}, {2}",
        backing.name(),
        Size.format(backingDevice.size()),
        Devices.describe(backingDevice));
    Recovery.Result found = volume.recovery();
    String state =
        volume.formatted()
            ? "formatted"
            : "%s, %s not written back%s"
                .formatted(
                    volume.adopted() ? "adopted" : "resumed",
                    Size.format(found.dirtyLines() * Start.LINE_BYTES),
                    found.dropped() > 0
                        ? ", %d torn segments dropped".formatted(found.dropped())
                        : "");
    LOG.log(
        Level.INFO,
        "cache {0}: {1}, {2}; {3}",
        cache.path(),
        Size.format(cacheDevice.size()),
        cacheDevice.description(),
        state);
    for (String what : found.notUsed()) {
      LOG.log(Level.WARNING, "{0}: not used: {1}", cache.path(), what);
    }
  }

  private static void report(MemoryNeed need) {
    LOG.log(Level.INFO, "memory: {0}", need);
    long free = Memory.freeBytes();
    if (need.exceeds(free)) {
      LOG.log(
          Level.WARNING,
          "memory: only {0} are free now; should they not do when the cache fills, the system may"
              + " end this process",
          Size.format(free));
    }
  }

  private void warnOfTcp() {
    if (settings.addresses.stream().noneMatch(ListenAddress.Tcp.class::isInstance)) {
      return;
    }
    if (settings.tls == null) {
      LOG.log(
          Level.WARNING,
          "TCP is neither encrypted nor authenticated: whoever can reach the port can read and"
              + " write the volume");
    } else if (!settings.tls.verifyClients()) {
      LOG.log(
          Level.WARNING,
          "clients are not authenticated: whoever can reach the port can read and write the"
              + " volume; --tls-verify-peer asks them for certificates");
    }
  }

  /** Waits for the signal to stop; says what befalls the volume meanwhile. */
  private void watch(Volume volume, ServedVolume servedVolume, StopSignal stop) {
    Troubles troubles = new Troubles(backing.name(), cache.path());
    while (!stop.await(StopSignal.LOOK_EVERY_MS)) {
      Snapshot now = volume.snapshot();
      troubles.look(now);
      servedVolume.look(now);
    }
  }
}
