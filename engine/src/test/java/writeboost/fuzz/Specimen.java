package writeboost.fuzz;

import static writeboost.layout.Geometry.BLOCK;
import static writeboost.layout.Geometry.SECTOR;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.inspect.CacheContents;
import writeboost.inspect.LogRange;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;
import writeboost.layout.RecordSector;
import writeboost.layout.Superblock;
import writeboost.volume.Start;

/**
 * A cache and its backing device as the engine left them after some laps of the log: a part written
 * back, a part not, the record up to date.
 */
final class Specimen {

  static final int BLOCKS = 64;
  static final int SECTORS = BLOCKS * Geometry.SECTORS_PER_BLOCK;
  static final int RAM_BUFFERS = 4;

  private static final int SEGMENTS = 24;

  final String name;
  final Geometry geometry;
  final ScratchDevice cache;
  final ScratchDevice backing;
  final Versions versions;

  /** Nothing of it may be missing: the stop was clean. */
  final boolean complete;

  private final Random random;
  private final Memory memory;
  private final MemorySegment data = Arena.ofAuto().allocate(16 * BLOCK, BLOCK);
  private long version = 1;
  private @Nullable LogRange log;

  private Specimen(int order, boolean complete, long seed, Memory memory) {
    this.name = "order %d, %s".formatted(order, complete ? "stopped" : "crashed");
    this.complete = complete;
    this.random = new Random(seed);
    this.memory = memory;
    long cacheBytes = Geometry.SUPERBLOCK_REGION + SEGMENTS * ((long) SECTOR << order) + BLOCK;
    geometry = new Geometry(order, cacheBytes, 1 + random.nextInt(8));
    cache = new ScratchDevice(cacheBytes);
    backing = new ScratchDevice((long) BLOCKS * BLOCK);
    Versions.fill(backing.memory, 0, 0, SECTORS, version);
    versions = new Versions(SECTORS, version);
  }

  static Specimen make(int order, boolean complete, long seed, Memory memory) throws IOException {
    Specimen specimen = new Specimen(order, complete, seed, memory);
    specimen.live();
    specimen.findLog();
    specimen.cache.keep();
    specimen.backing.keep();
    return specimen;
  }

  private void live() throws IOException {
    Blocking device = new Blocking(cache, "cache");
    UUID uuid = new UUID(random.nextLong(), random.nextLong());
    Superblock superblock = Superblock.create(geometry, uuid, backing.size(), 7, 7);
    Formatter.format(device, superblock, Formatter.Clearing.NOTHING, Formatter.Progress.NONE);

    int lines = geometry.linesPerSegment();
    for (int life = 0; life < 2; life++) {
      memory.reset();
      CoreLoop loop = loop(Start.resume(device, false, RAM_BUFFERS, memory::take), backing);
      write(loop, SEGMENTS * Math.min(lines, 3));
      loop.flush();
    }

    memory.reset();
    HeldDevice held = new HeldDevice(backing);
    Start.Started started = Start.resume(device, false, RAM_BUFFERS, memory::take);
    CoreLoop loop = loop(started, held);
    write(loop, lines);
    loop.flush();
    loop.tick();
    loop.tick();
    noteRecord(device, started.core().snapshot().writtenBackId());
    held.holding = true;
    write(loop, 1 + random.nextInt(SEGMENTS * Math.min(lines, 2) / 4));
    if (complete) {
      loop.stop();
      MemorySegment block = data.asSlice(0, BLOCK);
      Start.recordCleanStop(device, started.recovery().superblock(), started.core(), block);
    }
  }

  private void findLog() throws IOException {
    memory.reset();
    CacheContents contents = CacheContents.open(new Blocking(cache, "cache"), memory::take);
    log = LogRange.find(contents, contents.segment(), (done, atMost) -> {});
  }

  /** Most often one with a segment that is not written back, or just behind the newest. */
  int slot(Random chance) {
    return chance.nextInt(5) == 0
        ? chance.nextInt(geometry.segmentCount())
        : geometry.slot(log.first() + chance.nextLong(log.last() - log.first() + 2));
  }

  private CoreLoop loop(Start.Started started, BlockDevice backingNow) {
    return new CoreLoop(started.core(), cache, backingNow);
  }

  private void noteRecord(Blocking device, long id) throws IOException {
    RecordSector.encode(data, id);
    device.write(Geometry.RECORD_BLOCK_OFFSET, data, 0, BLOCK);
  }

  /** Writes of this many pieces, about, and some barriers. */
  private void write(CoreLoop loop, int pieces) {
    for (int i = 0; i < pieces; ) {
      int count = 1 + random.nextInt(random.nextInt(4) == 0 ? 24 : 8);
      int sector = random.nextInt(SECTORS - count + 1);
      long bytes = (long) count * SECTOR;
      int error;
      if (random.nextInt(6) == 0) {
        versions.write(sector, count, 0);
        error = loop.run(Operation.WRITE_ZEROES, 0, (long) sector * SECTOR, data, bytes);
      } else {
        version++;
        versions.write(sector, count, version);
        Versions.fill(data, 0, sector, count, version);
        error = loop.run(Operation.WRITE, 0, (long) sector * SECTOR, data, bytes);
      }
      if (error != 0) {
        throw new AssertionError("error " + error);
      }
      if (random.nextInt(3) == 0) {
        loop.flush();
      }
      i += 1 + count / Geometry.SECTORS_PER_BLOCK;
    }
  }

  /** Versions that no specimen has written start here. */
  long nextVersion() {
    return version + 1;
  }

  /** Whether that can be in this sector when all that is durable is there. */
  boolean mayHold(int sector, long held) {
    return complete ? versions.last(sector) == held : versions.everHeld(sector, held);
  }

  void restore() {
    cache.restore();
    backing.restore();
  }

  /** A backing device that stops answering writes, once it is told to. */
  private static final class HeldDevice implements BlockDevice {
    private final BlockDevice device;
    private boolean holding;

    HeldDevice(BlockDevice device) {
      this.device = device;
    }

    @Override
    public long size() {
      return device.size();
    }

    @Override
    public Limits limits() {
      return device.limits();
    }

    @Override
    public void submit(Request[] batch, int count) {
      for (int i = 0; i < count; i++) {
        if (!holding || batch[i].operation == Operation.READ) {
          device.submit(new Request[] {batch[i]}, 1);
        }
      }
    }

    @Override
    public void close() {}
  }
}
