package writeboost.cli;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.device.DeviceFile;
import writeboost.device.DeviceIo;
import writeboost.device.FileCreation;
import writeboost.device.FileDevice;
import writeboost.device.Identity;
import writeboost.device.LoopSource;
import writeboost.device.SectorDevice;
import writeboost.index.LineTable;
import writeboost.layout.Geometry;
import writeboost.layout.Layout;
import writeboost.nbd.ClientOptions;
import writeboost.nbd.NbdDevice;

/**
 * The backing and the cache device of a server, opened and locked; made where they do not exist and
 * a size was given. What was made is removed again if the start does not succeed. A backing device
 * over NBD is connected to; it is not locked, and never made.
 */
final class Devices implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger("writeboost");

  /**
   * One of the two, as the command line has it.
   *
   * @param size bytes to create it with, if it does not exist; null if it has to exist
   */
  record Wanted(String role, Path path, @Nullable Long size) {
    String sizeOption() {
      return "--" + role + "-size";
    }
  }

  private final Backing backingPlace;

  /** Null for one over NBD. */
  private final @Nullable Wanted backingWanted;

  private final Wanted cacheWanted;
  private final boolean readOnly;
  private final Deque<DeviceFile> created = new ArrayDeque<>();
  private @Nullable DeviceFile backing;
  private @Nullable NbdDevice remote;
  private @Nullable DeviceFile cache;

  private Devices(Backing backing, Wanted cache, boolean readOnly) {
    this.backingPlace = backing;
    this.backingWanted =
        backing instanceof Backing.Local local
            ? new Wanted("backing", local.path(), local.size())
            : null;
    this.cacheWanted = cache;
    this.readOnly = readOnly;
  }

  /** Opens and locks what exists, and checks what can be checked before anything is created. */
  static Devices open(Backing backing, Wanted cache, Layout layout, int order, boolean readOnly)
      throws CommandFailure, IOException {
    Devices devices = new Devices(backing, cache, readOnly);
    boolean opened = false;
    try {
      devices.openBoth();
      devices.geometry(layout, order);
      devices.requireBackingSize();
      opened = true;
      return devices;
    } finally {
      if (!opened) {
        devices.close();
      }
    }
  }

  private void openBoth() throws CommandFailure, IOException {
    if (backingPlace instanceof Backing.Remote place) {
      cache = openExisting(cacheWanted);
      remote = connect(place);
    }
    if (backingWanted != null) {
      requireDifferent(backingWanted);
      backing = openExisting(backingWanted);
      cache = openExisting(cacheWanted);
      requireNoOldCache(backingWanted);
      requireNotSwapped(backingWanted);
    }
  }

  private NbdDevice connect(Backing.Remote place) throws CommandFailure, IOException {
    try {
      return NbdDevice.connect(
          place.address(),
          ClientOptions.DEFAULTS
              .withReadOnly(readOnly)
              .withNoFlush(place.noFlush())
              .withTls(place.tls()));
    } catch (IOException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof SSLException) {
          throw CommandFailure.failure(e.getMessage() + BackingTlsOptions.HINT);
        }
      }
      throw e;
    }
  }

  private void requireDifferent(Wanted backingWanted) throws CommandFailure, IOException {
    Identity one = DeviceFile.identity(LoopSource.behind(backingWanted.path()));
    Identity other = DeviceFile.identity(LoopSource.behind(cacheWanted.path()));
    boolean same =
        one == null
            ? other == null && place(backingWanted.path()).equals(place(cacheWanted.path()))
            : one.equals(other);
    if (same) {
      throw CommandFailure.usage(
          "%s and %s are the same device; the cache needs one of its own"
              .formatted(backingWanted.path(), cacheWanted.path()));
    }
  }

  /** Where a file would be created: its folder without links. */
  private static Path place(Path path) throws CommandFailure {
    Path folder = path.getParent();
    try {
      return folder == null ? path : folder.toRealPath().resolve(path.getFileName());
    } catch (IOException e) {
      throw CommandFailure.failure(path + ": its folder does not exist; create that first");
    }
  }

  private @Nullable DeviceFile openExisting(Wanted wanted) throws CommandFailure, IOException {
    if (DeviceFile.identity(wanted.path()) == null) {
      if (wanted.size() == null || readOnly) {
        throw CommandFailure.failure(
            "%s: no such file; check the path%s"
                .formatted(
                    wanted.path(),
                    readOnly
                        ? "; with --read-only none is created"
                        : ", or give " + wanted.sizeOption() + " to create it"));
      }
      if (Files.exists(wanted.path(), LinkOption.NOFOLLOW_LINKS)) {
        throw CommandFailure.failure(
            wanted.path() + ": is a link to nothing; mend it, or remove it");
      }
      if (wanted.size() % Geometry.SECTOR != 0) {
        throw CommandFailure.usage(
            "%s: %d bytes are not a multiple of 512; give another %s"
                .formatted(wanted.path(), wanted.size(), wanted.sizeOption()));
      }
      return null;
    }
    DeviceFile file = DeviceFile.open(wanted.path(), readOnly);
    if (wanted.size() != null && wanted.size() != file.size()) {
      file.close();
      throw CommandFailure.failure(
          "%s: exists with %d bytes, not the %d of %s; leave the option out to use it as it is"
              .formatted(wanted.path(), file.size(), wanted.size(), wanted.sizeOption()));
    }
    return file;
  }

  /** Of the cache device, which may not exist yet. */
  Geometry geometry(Layout layout, int order) throws CommandFailure {
    try {
      layout.requireOrder(order);
      return new Geometry(order, cache == null ? given(cacheWanted) : cache.size());
    } catch (IllegalArgumentException e) {
      throw CommandFailure.failure(cacheWanted.path() + ": " + e.getMessage());
    }
  }

  private void requireBackingSize() throws CommandFailure {
    if (backingSize() > LineTable.MAXIMUM_BLOCKS * Geometry.BLOCK) {
      throw CommandFailure.failure(
          backingPlace.name() + ": is too large; at most 4 PiB can be served");
    }
  }

  private long backingSize() {
    if (remote != null) {
      return remote.size();
    }
    return backing == null ? given(backingWanted) : backing.size();
  }

  /** A new backing device under an old cache would mix the blocks of two volumes. */
  private void requireNoOldCache(Wanted backingWanted) throws CommandFailure, IOException {
    if (backing == null && cache != null && CachePeek.holdsPairedCache(cacheWanted.path())) {
      throw CommandFailure.failure(
          "%s: does not exist, and %s holds the cache of an older one; check the paths"
              .formatted(backingWanted.path(), cacheWanted.path()));
    }
  }

  /** Otherwise an empty backing device would be formatted, and the cache overwritten. */
  private void requireNotSwapped(Wanted backingWanted) throws CommandFailure, IOException {
    if (backing != null
        && CachePeek.holdsCache(backingWanted.path())
        && (cache == null || !CachePeek.holdsCache(cacheWanted.path()))) {
      throw swapped(backingWanted.path(), cacheWanted.path());
    }
  }

  /** Says that the two devices were named in the wrong order. */
  static CommandFailure swapped(Path backing, Path cache) {
    return CommandFailure.failure(
        "%s: holds a writeboost cache, and %s does not; name the backing device first, then the"
                .formatted(backing, cache)
            + " cache");
  }

  private static long given(@Nullable Wanted wanted) {
    if (wanted == null || wanted.size() == null) {
      throw new IllegalStateException("neither there nor to be created: " + wanted);
    }
    return wanted.size();
  }

  /** Makes what does not exist, the quick one first. */
  void createMissing(boolean sparseCache, StopSignal stop) throws IOException {
    stop.check();
    if (backing == null && backingWanted != null) {
      backing = FileCreation.sparse(backingWanted.path(), given(backingWanted));
      created.push(backing);
    }
    if (cache == null) {
      long size = given(cacheWanted);
      cache = sparseCache ? FileCreation.sparse(cacheWanted.path(), size) : zeroFilled(size, stop);
      created.push(cache);
    }
  }

  private DeviceFile zeroFilled(long size, StopSignal stop) throws IOException {
    Progress progress = new Progress("zero-filling " + cacheWanted.path(), size, stop);
    try {
      return FileCreation.allocated(cacheWanted.path(), size, progress::at);
    } finally {
      progress.end();
    }
  }

  /** To be called once; {@code io} is for a file or block device. */
  BlockDevice backingDevice(DeviceIo io) {
    if (remote == null) {
      return new FileDevice(require(backing), io);
    }
    return remote.limits().alignment() > Geometry.SECTOR ? new SectorDevice(remote) : remote;
  }

  /** The connection to a backing device over NBD; null for another. */
  @Nullable NbdDevice remote() {
    return remote;
  }

  /** How I/O on {@code device}, which came from {@link #backingDevice}, is done; for people. */
  static String describe(BlockDevice device) {
    return device instanceof FileDevice file ? file.description() : "over NBD";
  }

  boolean backingCreated() {
    return backing != null && backing.created();
  }

  DeviceFile cache() {
    return require(cache);
  }

  private static DeviceFile require(@Nullable DeviceFile file) {
    if (file == null) {
      throw new IllegalStateException("not opened");
    }
    return file;
  }

  /** The start has succeeded: what was created stays. */
  void keep() {
    for (DeviceFile file : created) {
      LOG.log(Level.INFO, "{0}: created with {1}", file.path(), Size.format(file.size()));
    }
    created.clear();
  }

  /** Unlocks both, and removes what was created in vain. */
  @Override
  public void close() {
    while (!created.isEmpty()) {
      remove(created.pop());
    }
    if (cache != null) {
      cache.close();
    }
    if (backing != null) {
      backing.close();
    }
    if (remote != null) {
      remote.close();
    }
  }

  private static void remove(DeviceFile file) {
    try {
      if (file.identity().equals(DeviceFile.identity(file.path()))) { // not what came after it
        Files.delete(file.path());
      }
    } catch (IOException e) {
      LOG.log(Level.WARNING, "{0}: was created in vain; remove it by hand: {1}", file.path(), e);
    }
  }
}
