package writeboost.bench.micro;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import writeboost.device.MemoryDevice;
import writeboost.layout.Geometry;

/**
 * Requests of one 4 KiB block from {@code accept} to their answer, one at a time: order in the log,
 * index, copy and CRC of the block, and its share of sealing segments. The devices cost nothing.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CoreBenchmark {

  /** 1 TiB: more blocks than any benchmark gets through. */
  private static final Permutation BLOCKS = new Permutation(28);

  /** Blocks that stay in the open group. */
  private static final int HOT = 16;

  private static final int RAM_BUFFERS = 128;

  private static MemorySegment block() {
    return Arena.global().allocate(Geometry.BLOCK, Geometry.BLOCK).fill((byte) 0x5A);
  }

  /** A log so long that nothing is written back; a new one when it is half full. */
  @State(Scope.Thread)
  public static class LongLog {
    private static final long CACHE_BYTES = 256L << 30;

    final MemorySegment data = block();
    InlineCore core = create();
    long count;

    private static InlineCore create() {
      return new InlineCore(
          new NowhereDevice(CACHE_BYTES), new NowhereDevice(1L << 40), RAM_BUFFERS);
    }

    @Setup(Level.Iteration)
    public void renew() {
      if (core.fill() > 0.5) {
        core.close();
        core = create();
        count = 0;
      }
    }

    @TearDown
    public void close() {
      core.close();
    }
  }

  /** As {@link LongLog}, and 2^20 blocks (4 GiB) are there, in segments long sealed. */
  public static class FilledLog extends LongLog {
    static final Permutation SPAN = new Permutation(20);

    @Setup(Level.Iteration)
    @Override
    public void renew() {
      super.renew();
      while (count < 1 << 20) {
        core.write(SPAN.at(count++), data);
      }
    }
  }

  /** Some blocks in the segment that is being filled. */
  public static class HotBlocks extends LongLog {
    @Setup(Level.Iteration)
    @Override
    public void renew() {
      super.renew();
      for (int i = 0; i < HOT; i++) {
        core.write(i, data);
      }
    }
  }

  /** 2^16 blocks on a cache device that is memory, and none of them in the core's RAM. */
  @State(Scope.Thread)
  public static class BlocksOnDevice {
    static final Permutation SPAN = new Permutation(16);
    private static final int FEW_BUFFERS = 4;

    final MemorySegment data = block();
    final InlineCore core =
        new InlineCore(new MemoryDevice(1L << 30), new NowhereDevice(1L << 40), FEW_BUFFERS);
    long count;

    @Setup
    public void fill() {
      for (int i = 0; i < 1 << 16; i++) {
        core.write(i, data);
      }
      for (int i = 0; i < FEW_BUFFERS * 128; i++) { // what is read later leaves the RAM
        core.write((1 << 16) + i, data);
      }
      core.flush();
    }

    @TearDown
    public void close() {
      core.close();
    }
  }

  /** A write of a block that the log does not have. */
  @Benchmark
  public void newBlock(LongLog log) {
    log.core.write(BLOCKS.at(log.count++), log.data);
  }

  /** A write of a block that the open group has: it stays in its line. */
  @Benchmark
  public void overwriteInPlace(HotBlocks log) {
    log.core.write(log.count++ & HOT - 1, log.data);
  }

  /** A write of a block that a sealed segment has: it takes a new line. */
  @Benchmark
  public void overwriteNewLine(FilledLog log) {
    log.core.write(FilledLog.SPAN.at(log.count++), log.data);
  }

  /** A read of a block that the open group has. */
  @Benchmark
  public void readFromRam(HotBlocks log) {
    log.core.read(log.count++ & HOT - 1, log.data);
  }

  /** A read of a block from the cache device; the device's copy is in the time. */
  @Benchmark
  public void readFromCache(BlocksOnDevice log) {
    log.core.read(BlocksOnDevice.SPAN.at(log.count++), log.data);
  }

  /** A write of a new block and a FLUSH after it. */
  @Benchmark
  public void barrier(LongLog log) {
    log.core.write(BLOCKS.at(log.count++), log.data);
    log.core.flush();
  }
}
